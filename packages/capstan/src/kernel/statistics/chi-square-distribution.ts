/**
 * Upper tail of the chi-square distribution.
 *
 * Owns that one probability; called by the tests that compare counts.
 */
import { requireNonNegative, requirePositive } from './argument-checks.ts';
import { upperGamma } from './incomplete-gamma.ts';

/**
 * Chance that a chi-square variable with `degrees` > 0 degrees of freedom exceeds `x` >= 0 (also Infinity).
 *
 * Relative error below 1e-11 down to 1e-300 and up to a million degrees. Throws RangeError.
 */
export function chiSquareSurvival(x: number, degrees: number): number {
  requirePositive('degrees', degrees);
  if (x !== Number.POSITIVE_INFINITY) requireNonNegative('x', x);
  return upperGamma(degrees / 2, x / 2);
}
