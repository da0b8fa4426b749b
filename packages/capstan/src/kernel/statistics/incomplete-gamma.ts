/**
 * Regularised incomplete gamma functions with accurate tails, also on the log scale.
 *
 * Owns P(a, x) and Q(a, x) = 1 - P(a, x); normal and chi-square probabilities are built on them. Each is computed
 * directly where it is small, so neither is ever obtained by subtracting something close to one from one.
 */
import { requireNonNegative, requirePositive } from './argument-checks.ts';
import { deviance } from './deviance.ts';
import { stirlingError } from './log-gamma.ts';

const LOG_TWO_PI = 1.8378770664093456;
const MAX_TERMS = 1_000_000;

/** ln[x^a e^-x / Gamma(a)]. */
function logGammaTerm(a: number, x: number): number {
  return 0.5 * (Math.log(a) - LOG_TWO_PI) - deviance(a, x) - stirlingError(a);
}

/** P(a, x) / [x^a e^-x / Gamma(a)] by its power series (DLMF 8.11.4), for x < a + 1. */
function lowerSeries(a: number, x: number): number {
  let term = 1 / a;
  let sum = term;
  for (let n = 1; n < MAX_TERMS; n++) {
    term *= x / (a + n);
    sum += term;
    if (term < sum * 1e-17) break;
  }
  return sum;
}

/** Q(a, x) / [x^a e^-x / Gamma(a)] by its continued fraction (DLMF 8.9.2, Lentz's method), for x >= a + 1. */
function upperFraction(a: number, x: number): number {
  let b = x + 1 - a;
  let c = Number.POSITIVE_INFINITY;
  let d = 1 / b;
  let fraction = d;
  for (let n = 1; n < MAX_TERMS; n++) {
    const numerator = -n * (n - a);
    b += 2;
    d = 1 / (numerator * d + b);
    c = b + numerator / c;
    const factor = c * d;
    fraction *= factor;
    if (Math.abs(factor - 1) < 1e-16) break;
  }
  return fraction;
}

function requireArguments(a: number, x: number): void {
  requirePositive('a', a);
  if (x !== Number.POSITIVE_INFINITY) requireNonNegative('x', x);
}

/**
 * ln Q(a, x), the log of the upper regularised incomplete gamma function, for a > 0 and x >= 0 (also Infinity).
 *
 * Stays finite far below the smallest double. Accurate to about 1e-12 for a in [0.5, 1e6]; below a = 0.5 and x < a + 1
 * the absolute error of Q is still about 1e-15. Throws RangeError for other arguments.
 */
export function logUpperGamma(a: number, x: number): number {
  requireArguments(a, x);
  if (x === 0) return 0;
  if (x === Number.POSITIVE_INFINITY) return Number.NEGATIVE_INFINITY;
  if (x < a + 1) return Math.log1p(-Math.min(1, lowerSeries(a, x) * Math.exp(logGammaTerm(a, x))));
  return logGammaTerm(a, x) + Math.log(upperFraction(a, x));
}

/** Q(a, x), the upper regularised incomplete gamma function; arguments, accuracy and errors as `logUpperGamma`. */
export function upperGamma(a: number, x: number): number {
  return Math.exp(logUpperGamma(a, x));
}

/** P(a, x), the lower regularised incomplete gamma function; arguments, accuracy and errors as `logUpperGamma`. */
export function lowerGamma(a: number, x: number): number {
  requireArguments(a, x);
  if (x === 0) return 0;
  if (x === Number.POSITIVE_INFINITY) return 1;
  if (x < a + 1) return Math.min(1, lowerSeries(a, x) * Math.exp(logGammaTerm(a, x)));
  return -Math.expm1(logGammaTerm(a, x) + Math.log(upperFraction(a, x)));
}
