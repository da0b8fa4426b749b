/**
 * One number an example whose mean is the canary's effect, in a split where each example saw one arm only.
 *
 * Owns the weighting; the numbers go into `running-moments.ts` and `asymptotic-confidence-sequence.ts`.
 */
import { requireFinite, requireOpenUnit } from './argument-checks.ts';

export interface WeightedExample {
  /** The loss (or value) seen in the arm that answered. */
  readonly outcome: number;
  readonly isCanary: boolean;
  /** The chance, logged at the time of the request, that it went to the canary; between 0 and 1 (both excluded). */
  readonly canaryPropensity: number;
  /** Outcomes foretold for both arms from earlier examples only, to take noise out; left out, plain weighting. */
  readonly expected?: { readonly canary: number; readonly champion: number };
}

/**
 * Augmented inverse-propensity-weighted value: its expectation is mean outcome under the canary less that under the
 * champion, whatever `expected` says (Robins, Rotnitzky and Zhao 1994). Throws RangeError.
 */
export function weightedDifference({ outcome, isCanary, canaryPropensity, expected }: WeightedExample): number {
  requireFinite('outcome', outcome);
  requireOpenUnit('canaryPropensity', canaryPropensity);
  const { canary, champion } = expected ?? { canary: 0, champion: 0 };
  requireFinite('expected.canary', canary);
  requireFinite('expected.champion', champion);
  const correction = isCanary ? (outcome - canary) / canaryPropensity : (champion - outcome) / (1 - canaryPropensity);
  return canary - champion + correction;
}
