import { sql } from 'kysely';
import type { Database } from '#database';
import { readInt64, type Int64 } from '#kernel/int64';
import { pointsAt, stepBounds, type HistoryPoint, type StepRange } from './metric.store.ts';

/** Points of neighbouring steps in one: no extreme is lost. */
export interface MetricBucket {
  readonly firstStep: Int64;
  readonly lastStep: Int64;
  /** Points, NaN included. */
  readonly count: number;
  readonly nans: number;
  /** Null when all are NaN. */
  readonly min: number | null;
  readonly max: number | null;
  /** The point at the last step, the latest of those. */
  readonly last: HistoryPoint;
}

export interface BucketedSeries {
  /** Points in the range. */
  readonly count: number;
  readonly buckets: readonly MetricBucket[];
}

interface BucketRow {
  readonly first: string;
  readonly last: string;
  readonly count: number;
  readonly nans: number;
  readonly min: number | null;
  readonly max: number | null;
}

/** At most `limit` buckets of equal width over the steps in range; empty ones are left out. */
export async function bucketsOf(
  database: Pick<Database, 'dialect' | 'read'>,
  run: number,
  metric: number,
  range: StepRange,
  limit: number,
): Promise<BucketedSeries> {
  const bounds = await stepBounds(database.read, run, metric, range);
  if (!bounds) return { count: 0, buckets: [] };
  const first = Number(bounds.first);
  const width = Math.max((Number(bounds.last) - first + 1) / limit, 1);
  const isNumber = sql`value > ${-Infinity}`;
  const bucket = sql`floor((cast(step as double precision) - ${first}) / ${width})`;
  const { rows } = await sql<BucketRow>`
    select cast(min(step) as text) as first, cast(max(step) as text) as last, count(*) as count,
           sum(case when ${isNumber} then 0 else 1 end) as nans,
           min(case when ${isNumber} then value end) as min, max(case when ${isNumber} then value end) as max
      from (select step, value, ${bucket} as bucket from metric_points
             where run_key = ${run} and metric_id = ${metric}
               and step >= ${bounds.first} and step <= ${bounds.last}) points
     group by bucket order by bucket`.execute(database.read);
  const lasts = await lastPoints(
    database,
    run,
    metric,
    rows.map((row) => readInt64(row.last)),
  );
  const buckets = rows.flatMap((row): MetricBucket[] => {
    const last = lasts.get(row.last);
    if (!last) return [];
    const { min, max } = row;
    const counts = { count: Number(row.count), nans: Number(row.nans) };
    return [{ firstStep: readInt64(row.first), lastStep: readInt64(row.last), ...counts, min, max, last }];
  });
  return { count: bounds.count, buckets };
}

/** The latest point at each step. */
async function lastPoints(
  database: Pick<Database, 'dialect' | 'read'>,
  run: number,
  metric: number,
  steps: readonly Int64[],
): Promise<Map<string, HistoryPoint>> {
  const points = await pointsAt(database, run, metric, steps);
  return new Map(points.map((point) => [String(point.step), point]));
}
