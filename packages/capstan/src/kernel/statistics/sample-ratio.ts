/**
 * Sample-ratio mismatch: did the canary get the share of requests it was meant to get?
 *
 * Owns the check that guards all others: if it rejects, arms are not comparable and no other result counts. Called by
 * rollouts on every look.
 */
import { requireInteger, requireOpenUnit } from './argument-checks.ts';
import { betaMixtureLogE } from './beta-mixture.ts';

/** Requests seen while the canary had one fixed share. */
export interface TrafficStage {
  readonly canaryShare: number;
  readonly canaryRequests: number;
  readonly totalRequests: number;
}

/** Weight of the mixture, in requests: for an even split it looks for shares about 0.05 off, first of all. */
const CONCENTRATION = 100;

/**
 * Log e-value, two-sided, against "every request went to the canary with its stage's share".
 *
 * The product over stages is again an e-process; reject at level alpha once it reaches ln(1/alpha), at whatever time.
 * No stages give 0. Throws RangeError on a share outside (0, 1) or counts that are not 0 <= canary <= total.
 */
export function sampleRatioLogE(stages: readonly TrafficStage[]): number {
  let logE = 0;
  for (const [i, { canaryShare, canaryRequests, totalRequests }] of stages.entries()) {
    requireOpenUnit(`stages[${i}].canaryShare`, canaryShare);
    requireInteger(`stages[${i}].canaryRequests`, canaryRequests, 0);
    requireInteger(`stages[${i}].totalRequests`, totalRequests, canaryRequests);
    const counts = { successes: canaryRequests, trials: totalRequests };
    logE += betaMixtureLogE(counts, canaryShare, CONCENTRATION, 'different');
  }
  return logE;
}
