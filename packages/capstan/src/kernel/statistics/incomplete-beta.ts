/**
 * Regularised incomplete beta function with accurate tails, also on the log scale, and its kernel.
 *
 * Owns I_x(a, b) and ln[x^a (1-x)^b / B(a, b)]. The kernel alone is what the Beta-mixture e-values are made of
 * (`beta-mixture.ts`); the incomplete function makes them one-sided.
 */
import { requireOpenUnit, requirePositive } from './argument-checks.ts';
import { deviance } from './deviance.ts';
import { stirlingError } from './log-gamma.ts';

const LOG_TWO_PI = 1.8378770664093456;
const MAX_TERMS = 1_000_000;

function logKernel(a: number, b: number, x: number, y: number): number {
  const total = a + b;
  // Stirling's formula for the three gammas, with the large parts gathered into deviances, which do not cancel.
  const exponent = deviance(a, total * x) + deviance(b, total * y);
  const error = stirlingError(a) + stirlingError(b) - stirlingError(total);
  return 0.5 * (Math.log(a) + Math.log(b / total) - LOG_TWO_PI) - exponent - error;
}

/** I_x(a, b) / [x^a y^b / B(a, b)] by its continued fraction (DLMF 8.17.22, Lentz's method), for x below the mean. */
function betaFraction(a: number, b: number, x: number): number {
  let c = 1;
  let d = 1 / (1 - ((a + b) * x) / (a + 1));
  let fraction = d;
  for (let m = 1; m < MAX_TERMS; m++) {
    const at = a + 2 * m;
    const even = (m * (b - m) * x) / ((at - 1) * at);
    d = 1 / (1 + even * d);
    c = 1 + even / c;
    fraction *= c * d;
    const odd = (-(a + m) * (a + b + m) * x) / (at * (at + 1));
    d = 1 / (1 + odd * d);
    c = 1 + odd / c;
    fraction *= c * d;
    if (Math.abs(c * d - 1) < 1e-16) break;
  }
  return fraction / a;
}

function logLower(a: number, b: number, x: number, y: number): number {
  if (x <= (a + 1) / (a + b + 2)) return logKernel(a, b, x, y) + Math.log(betaFraction(a, b, x));
  return Math.log1p(-Math.min(1, Math.exp(logKernel(b, a, y, x)) * betaFraction(b, a, y)));
}

function requireArguments(a: number, b: number, x: number): void {
  requirePositive('a', a);
  requirePositive('b', b);
  requireOpenUnit('x', x);
}

/** ln[x^a (1-x)^b / B(a, b)] for a, b > 0 and 0 < x < 1; absolute error about 1e-14. Throws RangeError. */
export function logBetaKernel(a: number, b: number, x: number): number {
  requireArguments(a, b, x);
  return logKernel(a, b, x, 1 - x);
}

/**
 * ln I_x(a, b), the chance that a Beta(a, b) variable is at most x, for a, b > 0 and 0 < x < 1.
 *
 * Stays finite far below the smallest double. Accurate to about 1e-11 for a and b in [0.01, 1e6]. Throws RangeError.
 */
export function logLowerBeta(a: number, b: number, x: number): number {
  requireArguments(a, b, x);
  return logLower(a, b, x, 1 - x);
}

/** ln[1 - I_x(a, b)], the chance that a Beta(a, b) variable exceeds x; arguments and errors as `logLowerBeta`. */
export function logUpperBeta(a: number, b: number, x: number): number {
  requireArguments(a, b, x);
  return logLower(b, a, 1 - x, x);
}
