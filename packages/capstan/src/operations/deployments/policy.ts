import type { Analysis } from './spec.ts';

/** How a rollout weighs evidence. Fixed at its start and kept with it, so that every decision can be made again. */
export interface RolloutPolicy {
  readonly analysis: readonly Analysis[];
  /** Chance of ever rolling back a candidate that does no harm, over all harm checks together. */
  readonly alpha: number;
  /** Chance of ever calling a candidate no worse when it is worse by the margin or more. */
  readonly alphaPromotion: number;
  /** Log loss above this counts as this: what bounds the tests. 4 is a probability of 1.8 % for what happened. */
  readonly lossCap: number;
  /** Worsening of the mean log loss still accepted for a promotion. */
  readonly lossMargin: number;
  /** Failed requests a candidate may have at most, whatever the champion does. */
  readonly maxErrorRate: number;
  /** Share of opposite decisions above which a candidate is plainly something else. */
  readonly maxDisagreement: number;
  /** Rows the candidate answers in each stage with traffic before it may go on. */
  readonly minStageRows: number;
  /** Labelled examples at which the unpaired interval is to be narrowest. */
  readonly tightestAt: number;
  readonly maxStageMs: number;
  /** After `maxStageMs` without a decision; a held rollout that nobody resumes is rolled back after `maxHoldMs`. */
  readonly onExpiry: 'hold' | 'roll-back';
  readonly maxHoldMs: number;
}

const DAY_MS = 86_400_000;

export function defaultPolicy(analysis: readonly Analysis[]): RolloutPolicy {
  return {
    analysis,
    alpha: 0.05,
    alphaPromotion: 0.05,
    lossCap: 4,
    lossMargin: 0.02,
    maxErrorRate: 0.02,
    maxDisagreement: 0.5,
    minStageRows: 200,
    tightestAt: 1_000,
    maxStageMs: 14 * DAY_MS,
    onExpiry: 'hold',
    maxHoldMs: 7 * DAY_MS,
  };
}

/** The harm checks that share `alpha`, by name. Any one of them may stop a rollout, hence the Bonferroni split. */
export function harmChecks(policy: RolloutPolicy) {
  const asks = (analysis: Analysis): boolean => policy.analysis.includes(analysis);
  return [
    ...(asks('errors') ? (['errors', 'error-rate'] as const) : []),
    ...(asks('latency') ? (['latency'] as const) : []),
    ...(asks('loss') ? (['loss'] as const) : []),
    'disagreement' as const,
    'sample-ratio' as const,
  ];
}

/** Log e-value at which one harm check rejects: ln(number of checks / alpha). */
export function harmLimit(policy: RolloutPolicy): number {
  return Math.log(harmChecks(policy).length / policy.alpha);
}
