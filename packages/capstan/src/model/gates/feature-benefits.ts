import { pairedMeanDifference } from '#kernel/statistics/mean-difference';
import { hashToUnit } from '#kernel/statistics/hash-unit';
import type { Cell } from '#ports/analytics';
import type { GatesDeps } from './deps.ts';
import { readRows } from './evaluation-rows.ts';
import { lossesOf } from './model.ts';
import { withScored } from './score.ts';

/** What a model's loss gains by a feature: the mean increase when its values are shuffled among the rows. */
export interface FeatureBenefit {
  readonly feature: string;
  readonly n: number;
  readonly mean: number;
  /** 95 % limits. */
  readonly lower: number;
  readonly upper: number;
}

const MAX_ROWS = 5_000;

/**
 * Permutation importance on the rows that a verdict judged by (Breiman 2001, section 10): each feature's values are shuffled
 * among at most 5,000 rows, always alike, and the capped losses are compared row by row with those of the rows as they are.
 * Features that vary together stand in for each other, so that each alone may seem to bring nothing.
 * Empty for a model that cannot be scored. @throws DomainError NOT_FOUND; CONFLICT for rows without labels
 */
export async function featureBenefits(deps: GatesDeps, verdict: FeatureQuestion): Promise<FeatureBenefit[]> {
  const { project, model, version } = verdict;
  const { declaration } = await deps.projects.get(project);
  const metric = declaration.model?.metric ?? 'log_loss';
  const all = await readRows(deps, project, await deps.datasets.get(verdict.evaluation));
  const count = Math.min(all.count, MAX_ROWS);
  const rows = { ...all, count, labels: all.labels.subarray(0, count) };
  const order = shuffled(count);
  return await withScored(deps, { model, version }, { rows }, async (scored, loaded) => {
    if ('failure' in scored || !loaded) return [];
    const before = lossesOf('as it is', metric, rows.labels, scored.probabilities).capped;
    const found: FeatureBenefit[] = [];
    for (const feature of loaded.inputs) {
      const cells = rows.columns[feature];
      if (!cells) continue;
      const moved: Cell[] = order.map((row) => cells[row] ?? null);
      const probabilities = await loaded.score({ ...rows, columns: { ...rows.columns, [feature]: moved } });
      const after = lossesOf('shuffled', metric, rows.labels, probabilities).capped;
      const { mean, spread } = pairedMeanDifference(after, before);
      if (spread) found.push({ feature, n: count, mean, lower: spread.lower, upper: spread.upper });
    }
    return found;
  });
}

export interface FeatureQuestion {
  readonly project: string;
  readonly model: string;
  readonly version: number;
  /** Dataset version. */
  readonly evaluation: string;
}

/** Row numbers in an order that depends on nothing but how many there are. */
function shuffled(count: number): number[] {
  return Array.from({ length: count }, (_, row) => ({ row, at: hashToUnit(String(row), 'permutation') }))
    .toSorted((a, b) => a.at - b.at)
    .map(({ row }) => row);
}
