/**
 * The deviance term x ln(x/m) + m - x, without cancellation.
 *
 * It is the exponent shared by gamma, beta and binomial probabilities and by the Kullback-Leibler divergence, and the
 * reason why the tails here keep their digits: computing the exponent as a difference of log-gammas loses about as many
 * digits as the count has. Called by the special functions and by `jensen-shannon`.
 */

/**
 * x ln(x / mean) + mean - x for x >= 0 and mean > 0: zero when they are equal, else positive.
 *
 * Relative error is a few ulp everywhere: near equality a series in v = (x-mean)/(x+mean) replaces the difference.
 * Source: C. Loader, "Fast and Accurate Computation of Binomial Probabilities" (2000), the function D0 there.
 */
export function deviance(x: number, mean: number): number {
  const difference = x - mean;
  if (Math.abs(difference) >= 0.1 * (x + mean)) return (x === 0 ? 0 : x * Math.log(x / mean)) - difference;
  const v = difference / (x + mean);
  const vSquared = v * v;
  let power = 2 * x * v;
  let sum = difference * v;
  for (let divisor = 3; ; divisor += 2) {
    power *= vSquared;
    const next = sum + power / divisor;
    if (next === sum) return sum;
    sum = next;
  }
}
