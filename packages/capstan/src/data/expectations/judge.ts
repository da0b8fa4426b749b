import type { DatasetVersion, ExpectationResult, ExpectationSuite } from '@capstan/api';
import type { ProfiledVersion, Split } from '#data/datasets';
import type { ExpectationsDeps } from './deps.ts';
import { evaluate } from './evaluate.ts';
import { evaluationOf } from './evaluation-of.ts';
import { builtIn, countText, failed } from './model.ts';
import { isRowRule, limitsText, mostRowsAside } from './row-quarantine.ts';

export interface Judged {
  readonly results: ExpectationResult[];
  readonly profiled: ProfiledVersion;
  /** Where rows were put aside, and the version is to be what stays. */
  readonly split?: Split;
}

interface Given {
  readonly suite: ExpectationSuite;
  readonly profiled: ProfiledVersion;
  readonly signal: AbortSignal | undefined;
}

/**
 * Judges a version. Where rows break rules that put rows aside, it is split, and everything else is judged on the rows that
 * stay: outliers that go do not count in a mean. Nothing is split where the version is refused all the same.
 * @throws DomainError INVALID_ARGUMENT, DATA_LOSS
 */
export async function judge(deps: ExpectationsDeps, version: DatasetVersion, given: Given): Promise<Judged> {
  const { suite, profiled, signal } = given;
  const { results, conditions } = await evaluate(await evaluationOf(deps, version, given));
  const marked = results.filter(isRowRule);
  const isBeyond = marked.some((result) => !result.passed);
  const broken = marked.filter(({ failedRows }) => (failedRows ?? 0) > 0);
  if (isBeyond || broken.length === 0) return { results, profiled };

  const mostRows = mostRowsAside(suite, version.rows);
  const { split, quarantinedRows } = await deps.datasets.split(version.id, { conditions, mostRows, signal });
  if (!split) {
    const rule = builtIn('quarantine', null, limitsText(suite));
    const tooMany = failed(rule, countText(quarantinedRows, version.rows), {
      failedRows: quarantinedRows,
      examples: [],
    });
    return { results: [...results, tooMany], profiled };
  }
  const after = await evaluate(await evaluationOf(deps, version, { ...given, profiled: split.profiled }, split));
  const stay = after.results.filter((result) => !isRowRule(result));
  if (stay.some((result) => !result.passed && result.severity === 'error'))
    return { results: [...stay, ...marked], profiled };
  return { results: [...stay, ...marked], profiled: split.profiled, split };
}
