/**
 * Log-gamma for positive arguments, and the error of Stirling's formula it is built on.
 *
 * Owns nothing else; the incomplete gamma and beta functions use the Stirling error by itself, because it is small and
 * stays exact where log-gamma is huge.
 */
import { requirePositive } from './argument-checks.ts';

const HALF_LOG_TWO_PI = 0.9189385332046728;

/** From here eight terms of the asymptotic series below are exact to the last bit. */
const SERIES_START = 15;

/** B_{2k} / (2k (2k-1)) for k = 8 down to 1, the coefficients of Stirling's series (DLMF 5.11.1), highest first. */
const STIRLING_COEFFICIENTS = [
  -3617 / 122400,
  1 / 156,
  -691 / 360360,
  1 / 1188,
  -1 / 1680,
  1 / 1260,
  -1 / 360,
  1 / 12,
] as const;

/**
 * ln Gamma(x) - [(x - 1/2) ln x - x + ln(2 pi)/2] for x > 0: about 1/(12 x).
 *
 * Absolute error below 1e-15 for x >= 0.5. Small x climb to the series by the recurrence
 * error(x) = error(x+1) + (x + 1/2) ln(1 + 1/x) - 1.
 */
export function stirlingError(x: number): number {
  let climbed = 0;
  let at = x;
  while (at < SERIES_START) {
    climbed += (at + 0.5) * Math.log1p(1 / at) - 1;
    at += 1;
  }
  const inverseSquare = 1 / (at * at);
  let series = 0;
  for (const coefficient of STIRLING_COEFFICIENTS) series = series * inverseSquare + coefficient;
  return series / at + climbed;
}

/** ln Gamma(x) for x > 0; absolute error below 1e-14, or relative error 1e-15 where it is large. Throws RangeError. */
export function logGamma(x: number): number {
  requirePositive('x', x);
  return (x - 0.5) * Math.log(x) - x + HALF_LOG_TWO_PI + stirlingError(x);
}
