/**
 * The distribution of the Kolmogorov-Smirnov statistic for large samples.
 *
 * Owns the limiting distribution and the Pelz-Good expansion around it, in the theta-function form that converges fast
 * for small and medium arguments. Called by `kolmogorov-distribution.ts` only.
 */

const PI_SQUARED = Math.PI * Math.PI;
const SQRT_HALF_PI = Math.sqrt(Math.PI / 2);
/** Below this the distribution function is smaller than the smallest double. */
const LEAST_ARGUMENT = 0.0405;
/** Terms summed each side; the next one is below 1e-18 of the first for every z <= 2, where this form is used. */
const TERMS = 10;

/** The limit of P(sqrt(n) D_n <= z), for z >= 0; accurate where z <= 2. */
export function limitingKolmogorovCdf(z: number): number {
  if (z <= LEAST_ARGUMENT) return 0;
  let sum = 0;
  for (let k = TERMS; k >= 1; k--) sum += Math.exp((-PI_SQUARED * (2 * k - 1) ** 2) / (8 * z * z));
  return (2 * SQRT_HALF_PI * sum) / z;
}

/**
 * P(D_n <= d), off by less than 1e-6, for n > 140 and n d^2 <= 4.
 *
 * Source: W. Pelz and I. J. Good, "Approximating the Lower Tail-Areas of the Kolmogorov-Smirnov One-Sample Statistic",
 * JRSS B 38 (1976): K0(z) + K1(z)/n^(1/2) + K2(z)/n + K3(z)/n^(3/2), z = d sqrt(n).
 */
export function expandedKolmogorovCdf(n: number, d: number): number {
  const z = d * Math.sqrt(n);
  if (z <= LEAST_ARGUMENT) return 0;
  const z2 = z * z;
  const z4 = z2 * z2;
  const z6 = z4 * z2;
  let first = 0;
  let second = 0;
  let third = 0;
  for (let k = TERMS; k >= 0; k--) {
    const h2 = PI_SQUARED * (k + 0.5) ** 2;
    const weight = 2 * Math.exp(-h2 / (2 * z2));
    first += weight * (h2 - z2);
    second += weight * (6 * z6 + 2 * z4 + h2 * (2 * z4 - 5 * z2) + h2 * h2 * (1 - 2 * z2));
    third +=
      weight *
      (h2 ** 3 * (5 - 30 * z2) + h2 * h2 * (212 * z4 - 60 * z2) + h2 * (135 * z4 - 96 * z6) - 30 * z6 - 90 * z4 * z4);
  }
  let secondWhole = 0;
  let thirdWhole = 0;
  for (let k = TERMS; k >= 1; k--) {
    const w2 = PI_SQUARED * k * k;
    const weight = 2 * Math.exp(-w2 / (2 * z2));
    secondWhole += weight * w2;
    thirdWhole += weight * w2 * (3 * z2 - w2);
  }
  const k1 = first / (6 * z4);
  const k2 = second / (72 * z6 * z) - secondWhole / (36 * z2 * z);
  const k3 = third / (6480 * z6 * z4) + thirdWhole / (216 * z6);
  const root = Math.sqrt(n);
  return limitingKolmogorovCdf(z) + SQRT_HALF_PI * (k1 / root + k2 / n + k3 / (n * root));
}
