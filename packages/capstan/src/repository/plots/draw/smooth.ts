import type { Point } from './thin.ts';

/** The share of a line that counts for one of its points. */
const SPAN = 0.3;

/**
 * A line fitted around each point, nearer ones counting more (LOESS of degree 1 with tricube weights, Cleveland 1979).
 * @param points sorted by x; those without a value are left out
 */
export function smoothed(points: readonly Point[]): Point[] {
  const known = points.filter(({ y }) => Number.isFinite(y));
  const size = Math.max(2, Math.ceil(known.length * SPAN));
  if (known.length <= 2) return known;
  let start = 0;
  return known.map((point) => {
    // The nearest ones: the window moves on while its next point is nearer than its first.
    while (start + size < known.length && (known[start + size]?.x ?? 0) - point.x < point.x - (known[start]?.x ?? 0)) {
      start++;
    }
    return { ...point, y: fittedAt(point.x, known.slice(start, start + size)) };
  });
}

function fittedAt(x: number, window: readonly Point[]): number {
  const widest = Math.max(...window.map((point) => Math.abs(point.x - x)), Number.MIN_VALUE);
  let [sum, sumX, sumY, sumXX, sumXY] = [0, 0, 0, 0, 0];
  for (const point of window) {
    const near = 1 - Math.min(1, Math.abs(point.x - x) / (widest * 1.000_001)) ** 3;
    const [weight, at] = [near ** 3, point.x - x];
    sum += weight;
    sumX += weight * at;
    sumY += weight * point.y;
    sumXX += weight * at * at;
    sumXY += weight * at * point.y;
  }
  const spread = sum * sumXX - sumX * sumX;
  const mean = sumY / sum;
  return spread <= Number.EPSILON * sum * sumXX ? mean : mean - ((sum * sumXY - sumX * sumY) / spread) * (sumX / sum);
}
