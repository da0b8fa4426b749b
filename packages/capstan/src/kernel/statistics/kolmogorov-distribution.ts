/**
 * Upper tail of the two-sided Kolmogorov-Smirnov statistic D_n of n observations, and of its limit.
 *
 * Owns which method answers where; each method has its own file (`kolmogorov-matrix.ts` exact,
 * `kolmogorov-expansion.ts` asymptotic, `smirnov-distribution.ts` the tail). Called by `two-sample-ks.ts` for samples
 * too large for the exact two-sample distribution. The division is that of R. Simard and P. L'Ecuyer, "Computing the
 * Two-Sided Kolmogorov-Smirnov Distribution", Journal of Statistical Software 39(11), 2011, with SciPy's limits.
 */
import { requireInteger, requireNonNegative, requireUnit } from './argument-checks.ts';
import { expandedKolmogorovCdf, limitingKolmogorovCdf } from './kolmogorov-expansion.ts';
import { exactKolmogorovCdf } from './kolmogorov-matrix.ts';
import { logGamma } from './log-gamma.ts';
import { smirnovSurvival } from './smirnov-distribution.ts';

/** Up to here the matrix method is cheap wherever the tail is not. */
const SMALL_SAMPLE = 140;
/** Above here the matrix method is never used. */
const MATRIX_SAMPLE = 100_000;

/** P(D_n >= d) where 1/2 < n d <= 1 (Ruben and Gambino): 1 - n! (2d - 1/n)^n. */
function nearSmallestSurvival(n: number, d: number): number {
  return -Math.expm1(logGamma(n + 1) + n * Math.log((2 * n * d - 1) / n));
}

/**
 * P(D_n >= d) for n >= 1 observations (a whole number) of a continuous distribution, d in [0, 1].
 *
 * Equals `scipy.stats.kstwo.sf(d, n)`: exact for n <= 140 and in the tail (n d^2 >= 2.2) up to a million observations;
 * in the body of larger samples the Pelz-Good expansion, off by less than 1e-6. Throws RangeError.
 */
export function kolmogorovSurvival(n: number, d: number): number {
  requireInteger('n', n, 1);
  requireUnit('d', d);
  const scaled = n * d;
  if (scaled <= 0.5) return 1;
  if (d === 1) return 0;
  if (scaled <= 1) return nearSmallestSurvival(n, d);
  // The two one-sided events exclude each other from d = 1/2 on, and nearly do far earlier in n d^2.
  const isTail = n <= SMALL_SAMPLE ? scaled * d > 4 : scaled * d >= 2.2;
  if (d >= 0.5 || isTail) return Math.min(1, 2 * smirnovSurvival(n, d));
  // What is left has a survival of 6e-4 or more, so the subtraction costs at most four digits of sixteen.
  const isExact = n <= SMALL_SAMPLE || (n <= MATRIX_SAMPLE && n * d ** 1.5 <= 1.4);
  const cdf = isExact ? exactKolmogorovCdf(n, d) : expandedKolmogorovCdf(n, d);
  return Math.min(1, Math.max(0, 1 - cdf));
}

/**
 * The limit of P(sqrt(n) D_n >= z) for n to infinity, z >= 0 (Kolmogorov 1933). Throws RangeError.
 *
 * Too small by several per cent for samples of a few hundred: prefer `kolmogorovSurvival`.
 */
export function limitingKolmogorovSurvival(z: number): number {
  requireNonNegative('z', z);
  if (z < 0.82) return 1 - limitingKolmogorovCdf(z);
  let sum = 0;
  for (let k = 1; k <= 5; k++) sum += (k % 2 === 1 ? 2 : -2) * Math.exp(-2 * k * k * z * z);
  return sum;
}
