/** Count, mean and extremes of some values, and the sum of their squared distances from that mean. */
export interface Part {
  readonly count: number;
  readonly mean: number;
  readonly min: number;
  readonly max: number;
  readonly squares: number;
}

export interface SpreadFigures {
  readonly count: number;
  readonly mean: number;
  readonly min: number;
  readonly max: number;
  /** Of the sample (n − 1); null for one value. */
  readonly std: number | null;
}

/** Two parts as one, without the cancellation that sums of squares suffer (Chan, Golub and LeVeque 1979). */
export function merged(a: Part | undefined, b: Part): Part {
  if (!a) return b;
  const count = a.count + b.count;
  const distance = b.mean - a.mean;
  return {
    count,
    mean: a.mean + (distance * b.count) / count,
    min: Math.min(a.min, b.min),
    max: Math.max(a.max, b.max),
    squares: a.squares + b.squares + (distance * distance * a.count * b.count) / count,
  };
}

export function figuresOf({ count, mean, min, max, squares }: Part): SpreadFigures {
  return { count, mean, min, max, std: count < 2 ? null : Math.sqrt(squares / (count - 1)) };
}
