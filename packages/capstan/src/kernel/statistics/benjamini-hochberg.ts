/**
 * Benjamini-Hochberg correction for many p-values.
 *
 * Owns the correction; called by drift monitors, which look at every column of a window at once: at p < 0.05 each,
 * twenty healthy columns alarm in about two windows of three.
 */
import { requireUnit } from './argument-checks.ts';

/**
 * Adjusted p-values, in the order given: an adjusted value at most q marks a discovery at false discovery rate q.
 *
 * Valid for independent or positively dependent tests. Source: Y. Benjamini and Y. Hochberg, JRSS B 57 (1995); equals
 * `scipy.stats.false_discovery_control(pValues)`. An empty list gives an empty list. Throws RangeError on a value
 * outside [0, 1] or NaN.
 */
export function adjustBenjaminiHochberg(pValues: readonly number[]): number[] {
  for (const [i, p] of pValues.entries()) requireUnit(`pValues[${i}]`, p);
  const ascending = pValues.map((p, place) => ({ p, place })).toSorted((a, b) => a.p - b.p);
  const adjusted: number[] = pValues.map(() => 1);
  let smallest = 1;
  for (const [index, { p, place }] of [...ascending.entries()].toReversed()) {
    smallest = Math.min(smallest, (p * pValues.length) / (index + 1));
    adjusted[place] = smallest;
  }
  return adjusted;
}
