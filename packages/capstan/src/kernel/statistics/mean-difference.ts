/**
 * Mean difference of paired values with a fixed-sample interval, for tables of finished evaluations.
 *
 * Owns the classical normal interval. It is valid for one look at a size fixed beforehand and must not steer a rollout:
 * looked at after each of 4,000 observations, it is wrong at least once in about half of all runs.
 */
import { requireFinite, requireOpenUnit, requireSameLength } from './argument-checks.ts';
import { normalQuantile, normalSurvival } from './normal-distribution.ts';
import { addValue, NO_VALUES, standardDeviation } from './running-moments.ts';

export interface MeanDifference {
  readonly count: number;
  /** Mean of first - second. */
  readonly mean: number;
  /** Null when one pair alone says nothing of the spread. */
  readonly spread: {
    readonly standardError: number;
    readonly lower: number;
    readonly upper: number;
    /** Two-sided p-value of "the mean difference is 0". */
    readonly pValue: number;
  } | null;
}

/**
 * Mean of first[i] - second[i] with its normal interval; `confidence` in (0, 1), 0.95 unless told.
 *
 * Throws RangeError on empty input, unequal lengths or a value that is not finite.
 */
export function pairedMeanDifference(
  first: ArrayLike<number>,
  second: ArrayLike<number>,
  confidence = 0.95,
): MeanDifference {
  requireSameLength('first', first, 'second', second);
  requireOpenUnit('confidence', confidence);
  let moments = NO_VALUES;
  for (let i = 0; i < first.length; i++) {
    const left = first[i] ?? Number.NaN;
    const right = second[i] ?? Number.NaN;
    requireFinite(`first[${i}]`, left);
    requireFinite(`second[${i}]`, right);
    moments = addValue(moments, left - right);
  }
  const { count, mean } = moments;
  if (count === 1) return { count, mean, spread: null };
  const standardError = standardDeviation(moments) / Math.sqrt(count);
  const radius = -normalQuantile((1 - confidence) / 2) * standardError;
  const score = mean === 0 ? 0 : Math.abs(mean) / standardError;
  const pValue = 2 * normalSurvival(score);
  return { count, mean, spread: { standardError, lower: mean - radius, upper: mean + radius, pValue } };
}
