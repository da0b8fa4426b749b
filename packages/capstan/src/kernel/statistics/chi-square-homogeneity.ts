/**
 * Chi-square test of homogeneity: do two vectors of counts over the same bins come from one distribution?
 *
 * Owns Pearson's statistic for a 2 x k table. Called by drift monitors on frozen bins, for categories above all.
 */
import { requireTotals } from './argument-checks.ts';
import { chiSquareSurvival } from './chi-square-distribution.ts';

export interface ChiSquareResult {
  readonly statistic: number;
  /** Bins that either vector uses, less one. */
  readonly degrees: number;
  readonly pValue: number;
  /** The smallest expected count of a cell; the p-value is rough where this is below about 5. */
  readonly smallestExpected: number;
}

/**
 * Pearson's test on two count vectors; bins empty in both are left out; no continuity correction.
 *
 * Equals `scipy.stats.chi2_contingency(table, correction=False)`. One used bin gives statistic 0, 0 degrees, p 1.
 * Throws RangeError on negative or broken counts, unequal lengths, or a vector that counts nothing.
 */
export function chiSquareHomogeneity(reference: ArrayLike<number>, current: ArrayLike<number>): ChiSquareResult {
  const { referenceTotal, currentTotal } = requireTotals(reference, current);
  const referenceShare = referenceTotal / (referenceTotal + currentTotal);
  let statistic = 0;
  let degrees = -1;
  let smallestExpected = Number.POSITIVE_INFINITY;
  for (let bin = 0; bin < reference.length; bin++) {
    const observed = reference[bin] ?? 0;
    const total = observed + (current[bin] ?? 0);
    if (total === 0) continue;
    degrees += 1;
    const expected = total * referenceShare;
    const expectedCurrent = total - expected;
    // Both cells of a bin are off by the same amount, in opposite directions.
    statistic += (observed - expected) ** 2 * (1 / expected + 1 / expectedCurrent);
    smallestExpected = Math.min(smallestExpected, expected, expectedCurrent);
  }
  if (degrees === 0) return { statistic: 0, degrees, pValue: 1, smallestExpected };
  return { statistic, degrees, pValue: chiSquareSurvival(statistic, degrees), smallestExpected };
}
