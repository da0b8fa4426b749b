/**
 * Exact upper tail of the one-sided, one-sample Kolmogorov-Smirnov statistic.
 *
 * Owns P(D+ >= d). Twice this is the two-sided tail wherever that tail is small, which is how
 * `kolmogorov-distribution.ts` uses it.
 */
import { deviance } from './deviance.ts';
import { stirlingError } from './log-gamma.ts';

const TWO_PI = 6.283185307179586;
/** Beyond this many observations the sum below costs too long; SciPy switches to the same expansion there. */
const MAX_SUMMED = 1_000_000;
/** P(D+ >= d) <= exp(-2 n d^2) (Massart 1990): from here on the answer is below the smallest double. */
const UNDERFLOW_EXPONENT = 750;

/**
 * P(D+ >= d) for n >= 1 observations (a whole number) and 0 < d < 1.
 *
 * Up to a million observations the exact sum of Smirnov (1944; Birnbaum and Tingey 1951),
 * sum over j of [d / (d + j/n)] Binomial(j; n, d + j/n), all terms positive, each by Loader's method, hence relative
 * error below 1e-12. Beyond, exp(-(6 n d + 1)^2 / (18 n)), off by about 1/n. The caller checks the arguments.
 */
export function smirnovSurvival(n: number, d: number): number {
  if (2 * n * d * d > UNDERFLOW_EXPONENT) return 0;
  if (n > MAX_SUMMED) return Math.exp(-((6 * n * d + 1) ** 2) / (18 * n));
  const expected = n * d;
  const errorOfN = stirlingError(n);
  let sum = Math.exp(n * Math.log1p(-d));
  for (let j = 1; j < n; j++) {
    const rest = n - j;
    const meanRest = rest - expected;
    if (meanRest <= 0) break;
    const meanHits = expected + j;
    const exponent = deviance(j, meanHits) + deviance(rest, meanRest);
    const error = errorOfN - stirlingError(j) - stirlingError(rest);
    sum += (expected / meanHits) * Math.sqrt(n / (TWO_PI * j * rest)) * Math.exp(error - exponent);
  }
  return Math.min(1, sum);
}
