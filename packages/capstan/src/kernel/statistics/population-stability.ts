/**
 * Population stability index between two vectors of counts over the same bins.
 *
 * Owns this one figure, which credit scoring has used since the 1990s and many people ask for. It has no upper end, and its
 * expected value under no change is (bins - 1) (1/N + 1/M): a fixed limit of 0.1 or 0.2 says little about few rows.
 */
import { requireTotals } from './argument-checks.ts';

/** The share that stands for an empty bin, whose logarithm would have no end. */
const EMPTY_BIN_SHARE = 1e-4;

/**
 * Sum over bins of (current - reference) ln(current / reference), in shares; empty bins count as `EMPTY_BIN_SHARE`, the rest
 * stays as it is. Bins that are empty in both add nothing. Throws RangeError on negative or broken counts, unequal lengths,
 * or a vector that counts nothing.
 */
export function populationStabilityIndex(reference: ArrayLike<number>, current: ArrayLike<number>): number {
  const { referenceTotal, currentTotal } = requireTotals(reference, current);
  let index = 0;
  for (let bin = 0; bin < reference.length; bin++) {
    const p = (reference[bin] ?? 0) / referenceTotal || EMPTY_BIN_SHARE;
    const q = (current[bin] ?? 0) / currentTotal || EMPTY_BIN_SHARE;
    // Of nearly equal shares the logarithm of the quotient would lose digits that log1p keeps.
    index += (q - p) * Math.log1p((q - p) / p);
  }
  return index;
}
