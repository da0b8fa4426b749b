/**
 * Exact upper tail of the two-sample Kolmogorov-Smirnov statistic.
 *
 * Owns the count of lattice paths behind it. Called by `two-sample-ks.ts` only, which checks the arguments.
 */

/** Below this exponent a probability is smaller than the smallest double. */
const UNDERFLOW_EXPONENT = 750;

/** Equal sample sizes: 2 sum over k >= 1 of (-1)^(k-1) C(2n, n - k h) / C(2n, n), by Horner (Gnedenko, Korolyuk 1951). */
function equalSizesSurvival(n: number, h: number): number {
  let survival = 0;
  for (let k = Math.floor(n / h) - 1; k >= 0; k--) {
    let ratio = 1;
    for (let j = 1; j <= h; j++) ratio *= (n - k * h - j + 1) / (n + k * h + j);
    survival = ratio * (1 - survival);
  }
  return 2 * survival;
}

/**
 * P(D >= h / lcm) for two samples of `first` and `second` values from one continuous distribution, where
 * lcm = first * second / divisor, `divisor` is their greatest common divisor and 1 <= h <= lcm.
 *
 * The chance that a random path from (0, 0) to (first, second) ever leaves |x/first - y/second| < h/lcm is averaged
 * forward, cell by cell: only sums of positive terms, so the smallest p-value is as accurate as the largest. Costs
 * 2 D first second steps. Source: J. L. Hodges (1958); the forward form of T. Viehmann, arXiv 2102.08037.
 */
export function smirnovLatticeSurvival(first: number, second: number, divisor: number, h: number): number {
  const rows = Math.max(first, second);
  const columns = Math.min(first, second);
  const distance = (h * divisor) / rows / columns;
  // P <= 4 exp(-2 D^2 mn / (sqrt m + sqrt n)^2), by the one-sample bound (Massart 1990) on each side.
  const exponent = (2 * distance ** 2 * rows * columns) / (Math.sqrt(rows) + Math.sqrt(columns)) ** 2;
  if (exponent > UNDERFLOW_EXPONENT) return 0;
  if (rows === columns) return equalSizesSurvival(rows, h);
  const perRow = columns / divisor;
  const perColumn = rows / divisor;
  const left = new Float64Array(columns + 1).fill(1);
  left.fill(0, 0, Math.min(columns, Math.ceil(h / perColumn) - 1) + 1);
  for (let i = 1; i <= rows; i++) {
    const low = Math.max(0, Math.floor((i * perRow - h) / perColumn) + 1);
    const high = Math.min(columns, Math.ceil((i * perRow + h) / perColumn) - 1);
    if (low > high) return 1;
    // Just below the band every path has left it; on the axis (j = 0) there is no cell below, and its weight is 0.
    let below = 1;
    for (let j = low; j <= high; j++) {
      below = ((left[j] ?? 1) * i + below * j) / (i + j);
      left[j] = below;
    }
  }
  return left[columns] ?? 1;
}
