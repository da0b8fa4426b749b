/**
 * Standard normal probabilities and quantiles, with accurate tails.
 *
 * Owns the normal distribution; called by the fixed-sample intervals. Both tails come straight from the incomplete
 * gamma function, so a p-value of 1e-300 is as accurate as one of 0.05.
 */
import { requireOpenUnit } from './argument-checks.ts';
import { logUpperGamma, lowerGamma } from './incomplete-gamma.ts';

const SQRT_TWO_PI = 2.5066282746310007;

function requireNumber(z: number): void {
  if (Number.isNaN(z)) throw new RangeError('z must be a number, got NaN');
}

function logSurvival(z: number): number {
  const halfSquare = 0.5 * z * z;
  return (z > 0 ? logUpperGamma(0.5, halfSquare) : Math.log1p(lowerGamma(0.5, halfSquare))) - Math.LN2;
}

/** Chance that a standard normal variable exceeds z (also +-Infinity). Throws RangeError on NaN. */
export function normalSurvival(z: number): number {
  requireNumber(z);
  return Math.exp(logSurvival(z));
}

/** Chance that a standard normal variable is at most z (also +-Infinity). Throws RangeError on NaN. */
export function normalCdf(z: number): number {
  return normalSurvival(-z);
}

/** The z > 0 that a standard normal variable exceeds with chance `tail`, for 0 < tail < 1/2. */
function upperQuantile(tail: number): number {
  const logTail = Math.log(tail);
  const t = Math.sqrt(-2 * logTail);
  // Start: Abramowitz and Stegun 26.2.23, off by at most 4.5e-4. Newton on the log tail, which is concave, does the rest.
  let z =
    t - (2.515517 + 0.802853 * t + 0.010328 * t * t) / (1 + 1.432788 * t + 0.189269 * t * t + 0.001308 * t * t * t);
  for (let i = 0; i < 6; i++) {
    const logAtZ = logSurvival(z);
    const hazard = Math.exp(-0.5 * z * z - logAtZ) / SQRT_TWO_PI;
    const step = (logAtZ - logTail) / hazard;
    z += step;
    if (Math.abs(step) < 1e-15 * z) break;
  }
  return z;
}

/** The z that a standard normal variable stays below with chance p, 0 < p < 1. Throws RangeError. */
export function normalQuantile(p: number): number {
  requireOpenUnit('p', p);
  if (p === 0.5) return 0;
  return p < 0.5 ? -upperQuantile(p) : upperQuantile(1 - p);
}
