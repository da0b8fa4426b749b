/**
 * Jensen-Shannon distance between two vectors of counts over the same bins.
 *
 * Owns this one effect size, the one drift monitors show for every column, whatever its type. It is no test: it grows
 * with the number of bins and shrinks with the number of rows, so read it beside a p-value.
 */
import { requireTotals } from './argument-checks.ts';
import { deviance } from './deviance.ts';

/**
 * Square root of the Jensen-Shannon divergence, base 2: 0 for equal shares, 1 where no bin is shared; symmetric.
 *
 * Equals `scipy.spatial.distance.jensenshannon(reference, current, base=2)`, with an absolute error below 1e-15 also
 * for nearly equal vectors, where the textbook sum of logarithms is off by up to 1e-8. Throws RangeError on negative or
 * broken counts, unequal lengths, or a vector that counts nothing.
 */
export function jensenShannonDistance(reference: ArrayLike<number>, current: ArrayLike<number>): number {
  const { referenceTotal, currentTotal } = requireTotals(reference, current);
  let nats = 0;
  for (let bin = 0; bin < reference.length; bin++) {
    const p = (reference[bin] ?? 0) / referenceTotal;
    const q = (current[bin] ?? 0) / currentTotal;
    if (p === q) continue;
    const middle = (p + q) / 2;
    // The added linear terms of the deviance cancel over the two, and make each summand positive.
    nats += (deviance(p, middle) + deviance(q, middle)) / 2;
  }
  return Math.min(1, Math.sqrt(nats / Math.LN2));
}
