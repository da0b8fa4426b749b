/**
 * The two-sample Kolmogorov-Smirnov test: do two samples of numbers come from one distribution?
 *
 * Owns the statistic (exact with ties, in whole numbers) and the choice of null distribution. Called by drift monitors
 * on raw values, or on mergeable bin counts where the raw values are gone.
 */
import { requireCounts, requireSameLength } from './argument-checks.ts';
import { kolmogorovSurvival } from './kolmogorov-distribution.ts';
import { smirnovLatticeSurvival } from './smirnov-lattice.ts';

/** Up to this many values in the larger sample the p-value is exact, as in `scipy.stats.ks_2samp(method='auto')`. */
const MAX_EXACT = 10_000;

export interface KolmogorovSmirnovResult {
  /** The largest distance between the two empirical distribution functions, in [0, 1]. */
  readonly statistic: number;
  /** Two-sided p-value; conservative where values are tied. */
  readonly pValue: number;
}

function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestCommonDivisor(b, a % b);
}

/** `largest` is the largest |first * rankInSecond - second * rankInFirst|: the statistic times both sizes. */
function judge(first: number, second: number, largest: number): KolmogorovSmirnovResult {
  const statistic = largest / first / second;
  if (largest === 0) return { statistic: 0, pValue: 1 };
  if (Math.max(first, second) <= MAX_EXACT) {
    const divisor = greatestCommonDivisor(first, second);
    return { statistic, pValue: Math.min(1, smirnovLatticeSurvival(first, second, divisor, largest / divisor)) };
  }
  const effectiveSize = roundHalfEven((first * second) / (first + second));
  return { statistic, pValue: kolmogorovSurvival(effectiveSize, Math.min(1, statistic)) };
}

/** NumPy's rounding, so that the p-value is SciPy's to the last digits also at a half. */
function roundHalfEven(value: number): number {
  const floor = Math.floor(value);
  if (value - floor !== 0.5) return Math.round(value);
  return floor % 2 === 0 ? floor : floor + 1;
}

function sorted(name: string, values: ArrayLike<number>): Float64Array {
  if (values.length === 0) throw new RangeError(`${name} must not be empty`);
  const copy = Float64Array.from(values).sort();
  // NaN sorts last.
  if (Number.isNaN(copy.at(-1))) throw new RangeError(`${name} must not hold NaN`);
  return copy;
}

/**
 * Two-sided two-sample Kolmogorov-Smirnov test of raw values; equals `scipy.stats.ks_2samp(first, second)`.
 *
 * The samples need not be sorted or of equal size; +-Infinity is a value like another. The p-value is exact while the
 * larger sample has at most 10,000 values, else that of the one-sample statistic at the effective size
 * nm/(n+m). Throws RangeError when a sample is empty or holds NaN (count missing values elsewhere first).
 */
export function kolmogorovSmirnov(first: ArrayLike<number>, second: ArrayLike<number>): KolmogorovSmirnovResult {
  const a = sorted('first', first);
  const b = sorted('second', second);
  let i = 0;
  let j = 0;
  let largest = 0;
  while (i < a.length && j < b.length) {
    const value = Math.min(a[i] ?? 0, b[j] ?? 0);
    while (i < a.length && a[i] === value) i++;
    while (j < b.length && b[j] === value) j++;
    largest = Math.max(largest, Math.abs(i * b.length - j * a.length));
  }
  return judge(a.length, b.length, largest);
}

/**
 * The same test on counts over the same ordered bins (leave out a bin that has no place in the order, as `missing`).
 *
 * Works on merged counts; the distance is at most that of the raw values, so the test is conservative and gets close
 * to the raw one as bins get finer. Throws RangeError on bad or empty counts or unequal lengths.
 */
export function kolmogorovSmirnovOfCounts(
  first: ArrayLike<number>,
  second: ArrayLike<number>,
): KolmogorovSmirnovResult {
  requireSameLength('first', first, 'second', second);
  const firstTotal = totalOf('first', first);
  const secondTotal = totalOf('second', second);
  let firstSum = 0;
  let secondSum = 0;
  let largest = 0;
  for (let bin = 0; bin < first.length; bin++) {
    firstSum += first[bin] ?? 0;
    secondSum += second[bin] ?? 0;
    largest = Math.max(largest, Math.abs(firstSum * secondTotal - secondSum * firstTotal));
  }
  return judge(firstTotal, secondTotal, largest);
}

function totalOf(name: string, counts: ArrayLike<number>): number {
  requireCounts(name, counts);
  let total = 0;
  for (let bin = 0; bin < counts.length; bin++) total += counts[bin] ?? 0;
  if (total === 0) throw new RangeError(`${name} must count at least one value`);
  return total;
}
