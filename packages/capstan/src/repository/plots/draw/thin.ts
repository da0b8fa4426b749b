/** A point of a line; y may be no number. */
export interface Point {
  readonly x: number;
  readonly y: number;
  /** Its x as written. */
  readonly text: string;
}

const MOST_POINTS = 1_200;

/** Points that look the same on a drawing: of each of many stretches the first, least, greatest and last. */
export function thinned(points: readonly Point[]): readonly Point[] {
  if (points.length <= MOST_POINTS) return points;
  const size = Math.ceil(points.length / (MOST_POINTS / 4));
  const kept: Point[] = [];
  for (let start = 0; start < points.length; start += size) {
    const stretch = points.slice(start, start + size);
    let [least, most] = [0, 0];
    for (const [index, { y }] of stretch.entries()) {
      if (!(y >= (stretch[least]?.y ?? 0))) least = index;
      if (y > (stretch[most]?.y ?? 0)) most = index;
    }
    const chosen = new Set([0, least, most, stretch.length - 1]);
    kept.push(...stretch.filter((_, index) => chosen.has(index)));
  }
  return kept;
}
