import type { EvidenceRef } from '@capstan/api';
import { clear, owed, PERIOD_DAYS, unmeasured, type Finding } from './model.ts';

export interface InputFacts {
  /** Text of requirements.txt; null where there is none. */
  readonly requirements: string | null;
  /** The newest training, if there was one. */
  readonly newest: {
    readonly id: string;
    readonly gitCommit: string | null;
    /** Datasets that it read without a digest. */
    readonly loose: readonly string[];
  } | null;
  /** Files that stages read and do not declare, as their newest traced runs in checkouts found. */
  readonly undeclared: readonly { readonly stage: string; readonly path: string }[];
  readonly trainingsInPeriod: number;
}

/**
 * Data, code or packages that a training depends on and that could be others the next time ("unstable data dependencies",
 * Sculley et al. 2015, section 3).
 */
export function judgeInputs({ requirements, newest, undeclared, trainingsInPeriod }: InputFacts): Finding {
  const named = { key: 'unpinned-inputs', detector: 'unpinned-inputs', title: 'Unpinned inputs of training' } as const;
  if (!newest) {
    const reason = 'no pipeline has run yet';
    return unmeasured({
      ...named,
      reason,
      repay: 'Run the pipeline: capstan cycles start PROJECT --reason "first model".',
    });
  }
  const loose = [
    ...newest.loose.map((dataset) => `dataset ${dataset}`),
    ...undeclared.map(({ stage, path }) => `${path}, which ${stage} reads and does not declare`),
    ...(newest.gitCommit === null ? ['code in no commit'] : []),
    ...(requirements === null ? ['Python packages (no requirements.txt)'] : unpinnedIn(requirements)),
  ];
  const evidence: EvidenceRef[] = [{ kind: 'pipeline-run', id: newest.id }];
  if (loose.length === 0)
    return clear({ ...named, reason: 'data, code and packages of the newest training are pinned', evidence });
  return owed({
    ...named,
    reason: loose.join(', '),
    principal: {
      value: loose.length,
      unit: loose.length === 1 ? 'input' : 'inputs',
      how: 'inputs of the newest training that nothing pins',
    },
    interest: {
      value: trainingsInPeriod,
      unit: `${trainingsInPeriod === 1 ? 'training' : 'trainings'} in ${PERIOD_DAYS} d`,
      how: 'trainings in that time that may not be repeatable',
    },
    repay: repayOf({ isCodeLoose: newest.gitCommit === null, undeclared: undeclared.length, all: loose.length }),
    evidence,
  });
}

function repayOf(loose: { readonly isCodeLoose: boolean; readonly undeclared: number; readonly all: number }): string {
  const code = loose.isCodeLoose ? ['commit the project folder to git before training'] : [];
  const declared = loose.undeclared > 0 ? ['name what stages read under deps in dvc.yaml'] : [];
  const isMore = loose.all > code.length + loose.undeclared;
  return `${[...code, ...declared, ...(isMore ? ['write NAME==VERSION for every package in requirements.txt'] : [])].join('; ')}.`;
}

/** Packages that may be another version the next time. */
export function unpinnedIn(requirements: string): string[] {
  return requirements
    .replaceAll(/\\\r?\n/g, ' ')
    .split(/\r?\n/)
    .map((line) => line.replace(/(^|\s)#.*$/, '').trim())
    .filter((line) => line !== '' && !line.startsWith('-'))
    .filter((line) => !/===?\s*[^*\s,]+(\s|;|$)/.test(line) && !/@\s*\S+#sha256=/.test(line))
    .map((line) => /^[\w.-]+/.exec(line)?.[0] ?? line);
}
