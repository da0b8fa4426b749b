import { setImmediate as letOthers } from 'node:timers/promises';
import { sql } from 'kysely';
import type { Reader, ReadSide } from '#database';
import { readInt64, type Int64 } from '#kernel/int64';
import { merged, sumsByBlocks } from './pyramid.ts';
import { bucketsOfPoints, SCALE, type BucketedSeries, type MetricBucket, type Sums } from './buckets.ts';
import { countUpTo, pointsAt, pointsWithin, stepEnds, type HistoryPoint, type StepRange } from './metric.store.ts';

/** Up to so many points are read one by one, which is exact at any shape; beyond, the database sums up. */
const FEW_POINTS = 5_000;
/** Stretches summed up by one statement: other calls get their turn in between. SQLite takes at most 500. */
const CHUNK = 100;

/**
 * At most `limit` buckets of equal width over the steps in range, where blocks are read up to a quarter more; empty ones are
 * left out.
 */
export async function bucketsOf(
  database: ReadSide,
  run: number,
  metric: number,
  range: StepRange,
  limit: number,
): Promise<BucketedSeries> {
  const few = Math.max(FEW_POINTS, limit);
  if ((await countUpTo(database.read, run, metric, range, few + 1)) <= few) {
    const points = await pointsWithin(database, run, metric, range);
    return { count: points.length, buckets: bucketsOfPoints(points, limit) };
  }
  const ends = await stepEnds(database.read, run, metric, range);
  if (!ends) return { count: 0, buckets: [] };
  const sumUp = (stretch: StepEnds): Promise<Sums[]> => sumsOfSteps(database.read, { run, metric }, stretch, limit);
  const blocks = await sumsByBlocks(database.read, { run, metric }, ends, limit, sumUp);
  const rows = blocks ? merged(blocks, limit) : await sumUp(ends);
  const steps = rows.map((row) => readInt64(row.last));
  const lasts = await lastPoints(database, run, metric, steps);
  const buckets = rows.flatMap((row): MetricBucket[] => {
    const last = lasts.get(row.last);
    if (!last) return [];
    const numbers = Number(row.numbers);
    const count = Number(row.count);
    const mean = numbers === 0 || row.sum === null ? null : row.sum / numbers / SCALE;
    const { min, max } = row;
    const ofSteps = { firstStep: readInt64(row.first), lastStep: readInt64(row.last) };
    return [{ ...ofSteps, count, nans: count - numbers, min, max, mean, last }];
  });
  return { count: buckets.reduce((sum, bucket) => sum + bucket.count, 0), buckets };
}

/** The sums of so many stretches of equal width, read point by point. */
async function sumsOfSteps(
  reader: Reader,
  { run, metric }: { readonly run: number; readonly metric: number },
  ends: StepEnds,
  limit: number,
): Promise<Sums[]> {
  const rows: Sums[] = [];
  const stretches = stretchesOf(ends, limit);
  for (let start = 0; start < stretches.length; start += CHUNK) {
    rows.push(...(await sumsOf(reader, run, metric, stretches.slice(start, start + CHUNK))));
    await letOthers();
  }
  return rows;
}

/** First and last step of a stretch, both in it. */
type Stretch = readonly [bigint, bigint];

function stretchesOf({ first, last }: StepEnds, limit: number): Stretch[] {
  const from = BigInt(first);
  const span = BigInt(last) - from + 1n;
  const number = span < BigInt(limit) ? Number(span) : limit;
  const start = (index: number): bigint => from + (span * BigInt(index) + BigInt(number) - 1n) / BigInt(number);
  return Array.from({ length: number }, (_, index) => [start(index), start(index + 1) - 1n]);
}

interface StepEnds {
  readonly first: Int64;
  readonly last: Int64;
}

interface BucketRow extends Sums {
  readonly stretch: number;
}

/**
 * Sums up each stretch by a range of the primary key, which takes a quarter of what `group by` takes: the rows are in
 * order already. NaN is stored as -Infinity, so a stretch whose least value is that is read again without it.
 */
async function sumsOf(
  reader: Reader,
  run: number,
  metric: number,
  stretches: readonly Stretch[],
): Promise<BucketRow[]> {
  const one = (stretch: Stretch, index: number, condition = sql``) => {
    const rows = sql`from metric_points where run_key = ${run} and metric_id = ${metric}
       and step >= ${stretch[0]} and step <= ${stretch[1]}`;
    // The ends by look-ups of their own, which cost less than two more sums over all rows.
    return sql`
    select ${sql.lit(index)} as stretch, cast((select min(step) ${rows}) as text) as first,
           cast((select max(step) ${rows}) as text) as last, count(*) as count, count(*) as numbers,
           min(value) as min, max(value) as max, sum(value * ${SCALE}) as sum ${rows} ${condition}`;
  };
  const read = async (parts: ReturnType<typeof one>[]): Promise<BucketRow[]> => {
    if (parts.length === 0) return [];
    const { rows } = await sql<BucketRow>`${sql.join(parts, sql` union all `)}`.execute(reader);
    return rows.toSorted((a, b) => a.stretch - b.stretch);
  };
  const all = (await read(stretches.map((stretch, index) => one(stretch, index)))).filter(
    (row) => Number(row.count) > 0,
  );
  const withNaN = all.filter((row) => row.min === -Infinity);
  const numbers = new Map(
    (
      await read(
        withNaN.flatMap(({ stretch }) => {
          const found = stretches[stretch];
          return found ? [one(found, stretch, sql`and value > ${-Infinity}`)] : [];
        }),
      )
    ).map((row) => [row.stretch, row]),
  );
  return all.map((row) => {
    const clean = numbers.get(row.stretch);
    return clean ? { ...row, numbers: clean.count, min: clean.min, max: clean.max, sum: clean.sum } : row;
  });
}

/** The latest point at each step. */
async function lastPoints(
  database: ReadSide,
  run: number,
  metric: number,
  steps: readonly Int64[],
): Promise<Map<string, HistoryPoint>> {
  const points = await pointsAt(database, run, metric, steps);
  return new Map(points.map((point) => [String(point.step), point]));
}
