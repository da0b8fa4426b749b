/**
 * Count, mean and variance of a stream, one value at a time or part by part.
 *
 * Owns the mergeable state; intervals are built on it in `asymptotic-confidence-sequence.ts` and `mean-difference.ts`.
 */
import { requireFinite, requireInteger } from './argument-checks.ts';

/** Plain JSON, replaced (never changed) by each value. */
export interface RunningMoments {
  readonly count: number;
  readonly mean: number;
  /** Sum of squared distances from the mean. */
  readonly squaredDeviations: number;
}

/** The moments of nothing. */
export const NO_VALUES: RunningMoments = { count: 0, mean: 0, squaredDeviations: 0 };

/** The moments with one more value (Welford 1962). Throws RangeError when it is not finite. */
export function addValue(before: RunningMoments, value: number): RunningMoments {
  requireFinite('value', value);
  const count = before.count + 1;
  const distance = value - before.mean;
  const mean = before.mean + distance / count;
  return { count, mean, squaredDeviations: before.squaredDeviations + distance * (value - mean) };
}

/** The moments of all values behind both (Chan, Golub and LeVeque 1979). */
export function mergeMoments(first: RunningMoments, second: RunningMoments): RunningMoments {
  const count = first.count + second.count;
  if (count === 0) return NO_VALUES;
  const distance = second.mean - first.mean;
  const share = second.count / count;
  return {
    count,
    mean: first.mean + distance * share,
    squaredDeviations: first.squaredDeviations + second.squaredDeviations + distance * distance * first.count * share,
  };
}

/** Sample standard deviation (divisor count - 1). Throws RangeError on fewer than two values. */
export function standardDeviation(moments: RunningMoments): number {
  requireInteger('moments.count', moments.count, 2);
  return Math.sqrt(moments.squaredDeviations / (moments.count - 1));
}
