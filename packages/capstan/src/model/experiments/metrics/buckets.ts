import type { Int64 } from '#kernel/int64';
import type { HistoryPoint } from './metric.store.ts';

/** Points of neighbouring steps in one: no extreme is lost. */
export interface MetricBucket {
  readonly firstStep: Int64;
  readonly lastStep: Int64;
  /** Points, NaN included. */
  readonly count: number;
  readonly nans: number;
  /** Null, as are the next two, when all are NaN. */
  readonly min: number | null;
  readonly max: number | null;
  readonly mean: number | null;
  /** The point at the last step, the latest of those. */
  readonly last: HistoryPoint;
}

export interface BucketedSeries {
  /** Points in the range. */
  readonly count: number;
  readonly buckets: readonly MetricBucket[];
}

/** Infinities are stored as the greatest doubles, whose sum would overflow. A power of two, so exact. */
export const SCALE = 2 ** -64;

/** Points of neighbouring steps, summed up. */
export interface Sums {
  readonly first: string;
  readonly last: string;
  readonly count: number;
  /** Those that are not NaN. */
  readonly numbers: number;
  readonly min: number | null;
  readonly max: number | null;
  /** Of the numbers, times `SCALE`. */
  readonly sum: number | null;
}

/**
 * Points (by step and time) in at most `limit` buckets: a bucket each where they are few enough, else by equal width of
 * steps. Points that are all of one step, as of metrics logged without any, are shared out by their order.
 */
export function bucketsOfPoints(points: readonly HistoryPoint[], limit: number): MetricBucket[] {
  const first = Number(points[0]?.step ?? 0);
  const span = Number(points.at(-1)?.step ?? 0) - first + 1;
  const placeOf =
    points.length <= limit
      ? (index: number) => index
      : span === 1
        ? (index: number) => Math.floor((index * limit) / points.length)
        : (index: number) => Math.floor(((Number(points[index]?.step ?? 0) - first) * Math.min(limit, span)) / span);
  const buckets: MetricBucket[] = [];
  for (let start = 0; start < points.length;) {
    let end = start + 1;
    while (end < points.length && placeOf(end) === placeOf(start)) end += 1;
    buckets.push(...bucketOf(points.slice(start, end)));
    start = end;
  }
  return buckets;
}

function bucketOf(points: readonly HistoryPoint[]): MetricBucket[] {
  const [first, last] = [points[0], points.at(-1)];
  if (!first || !last) return [];
  const numbers = points.map((point) => point.value).filter((value) => !Number.isNaN(value));
  const isEmpty = numbers.length === 0;
  return [
    {
      firstStep: first.step,
      lastStep: last.step,
      count: points.length,
      nans: points.length - numbers.length,
      min: isEmpty ? null : numbers.reduce((least, value) => Math.min(least, value)),
      max: isEmpty ? null : numbers.reduce((most, value) => Math.max(most, value)),
      // Divided first: infinities are stored as the greatest numbers, whose sum would overflow.
      mean: isEmpty ? null : numbers.reduce((sum, value) => sum + value / numbers.length, 0),
      last,
    },
  ];
}
