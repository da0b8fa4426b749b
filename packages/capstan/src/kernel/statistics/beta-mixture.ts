/**
 * Beta-mixture e-value for a share that is known under the null hypothesis.
 *
 * Owns the closed form; `sample-ratio.ts` and `sequential-mcnemar.ts` are its uses.
 */
import { requireInteger, requireOpenUnit, requirePositive } from './argument-checks.ts';
import { logBetaKernel, logUpperBeta } from './incomplete-beta.ts';

export interface ShareCount {
  readonly successes: number;
  readonly trials: number;
}

/** Which departures the e-value looks for: any, or only a share above the expected one. */
export type ShareAlternative = 'different' | 'greater';

/**
 * Log e-value against "each trial succeeds with chance `share`, whatever came before" (or at most so, for `greater`).
 *
 * The mixture is Beta(K share, K (1 - share)) with K = `concentration` > 0: the larger K, the closer to `share` it
 * looks. `greater` cuts the mixture at the share. Source: M. Lindon and A. Malek, NeurIPS 2022, arXiv 2011.03567.
 * Keeps its digits for any number of trials. Throws RangeError on counts that are not 0 <= successes <= trials.
 */
export function betaMixtureLogE(
  { successes, trials }: ShareCount,
  share: number,
  concentration: number,
  alternative: ShareAlternative,
): number {
  requireInteger('successes', successes, 0);
  requireInteger('trials', trials, successes);
  requireOpenUnit('share', share);
  requirePositive('concentration', concentration);
  const a = concentration * share;
  const b = concentration * (1 - share);
  const newA = a + successes;
  const newB = b + (trials - successes);
  // ln B(newA, newB) - ln B(a, b) - ln(chance of the data under the null), without the large terms that cancel.
  const twoSided = logBetaKernel(a, b, share) - logBetaKernel(newA, newB, share);
  if (alternative === 'different') return twoSided;
  return twoSided + logUpperBeta(newA, newB, share) - logUpperBeta(a, b, share);
}
