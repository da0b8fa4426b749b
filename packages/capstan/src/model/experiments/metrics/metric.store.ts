import { sql, type RawBuilder } from 'kysely';
import type { Dialect, Reader, ReadSide, Writer } from '#database';
import { compareInt64, readInt64, type Int64 } from '#kernel/int64';
import type { MetricInput, MetricPoint } from '../model.ts';

/** How NaN is stored: below every number, as it must sort; infinities themselves are stored as greatest numbers. */
const STORED_NAN = -Infinity;

export function storedValue(value: number): number {
  if (Number.isNaN(value)) return STORED_NAN;
  if (value === Infinity) return Number.MAX_VALUE;
  return value === -Infinity ? -Number.MAX_VALUE : value;
}

/** The logged value behind a stored one. */
export function metricValue(stored: number): number {
  return stored === STORED_NAN ? Number.NaN : stored;
}

/** Ids of the names that have one. */
export async function findMetricIds(reader: Reader, names: readonly string[]): Promise<Map<string, number>> {
  const rows = await reader.selectFrom('metric_keys').selectAll().where('name', 'in', names).execute();
  return new Map(rows.map((row) => [row.name, row.id]));
}

/** Gives ids to names that have none. Writes are one after another: ids count up. */
export async function addMetricIds(writer: Writer, names: readonly string[]): Promise<Map<string, number>> {
  const known = await findMetricIds(writer, names);
  const added = names.filter((name) => !known.has(name));
  if (added.length === 0) return known;
  const last = await sql<{ id: number | null }>`select max(id) as id from metric_keys`.execute(writer);
  const rows = added.map((name, index) => ({ name, id: Number(last.rows[0]?.id ?? 0) + 1 + index }));
  await writer.insertInto('metric_keys').values(rows).execute();
  for (const { name, id } of rows) known.set(name, id);
  return known;
}

export const pointColumns = [
  { name: 'run_key', type: 'integer' },
  { name: 'metric_id', type: 'integer' },
  { name: 'step', type: 'integer' },
  { name: 'logged_at', type: 'integer' },
  { name: 'value', type: 'double' },
] as const;

export const latestColumns = [
  ...pointColumns,
  { name: 'min_value', type: 'double' },
  { name: 'max_value', type: 'double' },
] as const;

const isNewer = sql.raw(
  '(excluded.step, excluded.logged_at, excluded.value) > (latest_metrics.step, latest_metrics.logged_at, latest_metrics.value)',
);
/** Takes the newer point's columns all or none; extremes on their own. */
export const onKnownMetric = sql`on conflict (run_key, metric_id) do update set
  step = case when ${isNewer} then excluded.step else latest_metrics.step end,
  logged_at = case when ${isNewer} then excluded.logged_at else latest_metrics.logged_at end,
  value = case when ${isNewer} then excluded.value else latest_metrics.value end,
  min_value = case when latest_metrics.min_value is null or excluded.min_value < latest_metrics.min_value
                   then excluded.min_value else latest_metrics.min_value end,
  max_value = case when latest_metrics.max_value is null or excluded.max_value > latest_metrics.max_value
                   then excluded.max_value else latest_metrics.max_value end`;

export interface Summary {
  step: Int64;
  timestamp: Int64;
  value: number;
  min: number | null;
  max: number | null;
}

/** Stores points of runs and moves the latest values; returns how many were new. One that is there has no effect. */
export async function insertPoints(
  dialect: Dialect,
  writer: Writer,
  logged: ReadonlyMap<number, readonly MetricPoint[]>,
  ids: ReadonlyMap<string, number>,
): Promise<ReadonlyMap<number, number>> {
  const points = new Map<number, PointColumns[]>();
  const latest: (readonly [...PointColumns, min: number | null, max: number | null])[] = [];
  for (const [run, metrics] of logged) {
    const summaries = new Map<number, Summary>();
    const rows = metrics.map(({ key, value, timestamp, step }): PointColumns => {
      const id = ids.get(key) ?? 0;
      const stored = storedValue(value);
      summarise(summaries, id, step, timestamp, stored);
      return [run, id, step, timestamp, stored];
    });
    points.set(run, rows);
    for (const [id, at] of summaries) latest.push([run, id, at.step, at.timestamp, at.value, at.min, at.max]);
  }
  // Points that were there have moved the latest values before: doing it again changes nothing.
  const [added] = await Promise.all([
    dialect.insertManyOf(writer, 'metric_points', pointColumns, points),
    dialect.insertMany(writer, 'latest_metrics', latestColumns, latest, onKnownMetric),
  ]);
  return added;
}

type PointColumns = [run: number, metric: number, step: Int64, loggedAt: Int64, value: number];

/** Takes a point into the latest value and the extremes of its metric. `value` is as stored. */
export function summarise(
  summaries: Map<number, Summary>,
  id: number,
  step: Int64,
  timestamp: Int64,
  value: number,
): void {
  const number = value === STORED_NAN ? null : value;
  const seen = summaries.get(id);
  if (!seen) {
    summaries.set(id, { step, timestamp, value, min: number, max: number });
    return;
  }
  const order = compareInt64(step, seen.step) || compareInt64(timestamp, seen.timestamp) || value - seen.value;
  if (order > 0) {
    seen.step = step;
    seen.timestamp = timestamp;
    seen.value = value;
  }
  if (number !== null) {
    seen.min = seen.min === null || number < seen.min ? number : seen.min;
    seen.max = seen.max === null || number > seen.max ? number : seen.max;
  }
}

/** The first step of each metric, by its id. */
export function leastSteps(
  metrics: readonly Pick<MetricPoint, 'key' | 'step'>[],
  ids: ReadonlyMap<string, number>,
): ReadonlyMap<number, Int64> {
  const least = new Map<number, Int64>();
  for (const { key, step } of metrics) {
    const id = ids.get(key) ?? 0;
    const seen = least.get(id);
    if (seen === undefined || compareInt64(step, seen) < 0) least.set(id, step);
  }
  return least;
}

export const modelPointColumns = [
  { name: 'model_id', type: 'text' },
  { name: 'metric_id', type: 'integer' },
  { name: 'dataset_name', type: 'text' },
  { name: 'dataset_digest', type: 'text' },
  { name: 'step', type: 'integer' },
  { name: 'logged_at', type: 'integer' },
  { name: 'value', type: 'double' },
  { name: 'run_id', type: 'text' },
] as const;

/** Stores those points that name a logged model for it too; returns how many were new. */
export async function insertModelPoints(
  dialect: Dialect,
  writer: Writer,
  runId: string,
  metrics: readonly MetricInput[],
  ids: ReadonlyMap<string, number>,
): Promise<number> {
  const ofModels = metrics.filter((metric) => metric.modelId !== undefined);
  const rows = ofModels.map(
    (metric) =>
      [
        metric.modelId ?? '',
        ids.get(metric.key) ?? 0,
        metric.datasetName ?? '',
        metric.datasetDigest ?? '',
        metric.step,
        metric.timestamp,
        storedValue(metric.value),
        runId,
      ] as const,
  );
  return await dialect.insertMany(writer, 'logged_model_metrics', modelPointColumns, rows);
}

interface PointRow {
  readonly step: number | string;
  readonly logged_at: number | string;
  readonly value: number;
}

type PointColumnsRead = readonly [step: number | string, loggedAt: number | string, value: number];

const pointSelection = ({ exactInteger }: Dialect) =>
  sql`${exactInteger(sql`step`)} as step, ${exactInteger(sql`logged_at`)} as logged_at, value`;

/** A point without its name, which the caller knows. */
export interface HistoryPoint {
  readonly step: Int64;
  readonly timestamp: Int64;
  readonly value: number;
}

/** Points of one metric of one run, in order of time, step and value, behind `after`. */
export async function history(
  { dialect, read }: ReadSide,
  run: number,
  metric: number,
  page: { readonly limit: number; readonly after?: readonly [string, string, number] | undefined },
): Promise<HistoryPoint[]> {
  // Doubles and 64-bit integers go through text and back exactly.
  const behind = page.after
    ? sql`and (logged_at, step, value) >
          (cast(${page.after[0]} as bigint), cast(${page.after[1]} as bigint), ${page.after[2]})`
    : sql``;
  const rows = await dialect.selectLists<PointColumnsRead>(
    read,
    sql`select ${pointSelection(dialect)} from metric_points
     where run_key = ${run} and metric_id = ${metric} ${behind}
     order by metric_points.logged_at, metric_points.step, value limit ${page.limit}`,
  );
  return rows.map(([step, loggedAt, value]) => toPoint({ step, logged_at: loggedAt, value }));
}

export interface StepRange {
  readonly from?: Int64 | undefined;
  readonly to?: Int64 | undefined;
}

/** How many points there are in a range, and whether they are one for each step from the first to the last. */
export interface Span {
  readonly count: number;
  readonly first: Int64;
  readonly isGapless: boolean;
}

export async function spanOf(reader: Reader, run: number, metric: number, range: StepRange): Promise<Span> {
  const points = sql`from metric_points where run_key = ${run} and metric_id = ${metric} ${within(range)}`;
  const countOf = async (from: RawBuilder<unknown>): Promise<number> =>
    Number((await sql<{ count: number }>`select count(*) as count ${from}`.execute(reader)).rows[0]?.count ?? 0);
  const count = await countOf(points);
  const ends = await stepEnds(reader, run, metric, range);
  if (!ends) return { count: 0, first: 0, isGapless: false };
  const isGapless =
    BigInt(ends.last) - BigInt(ends.first) + 1n === BigInt(count) &&
    (await countOf(sql`from (select distinct step ${points}) steps`)) === count;
  return { count, first: ends.first, isGapless };
}

/** Differs once points of the series have been added, of whatever step: each addition writes the latest value anew. */
export async function versionOf({ dialect, read }: ReadSide, run: number, metric: number): Promise<string | undefined> {
  const { rows } = await sql<{ version: string | null }>`
    select ${dialect.rowVersion('latest_metrics')} as version from latest_metrics
     where run_key = ${run} and metric_id = ${metric}`.execute(read);
  return rows[0]?.version ?? undefined;
}

/** Points of one run at these steps, by step and time. */
export async function pointsAt(
  { dialect, read }: ReadSide,
  run: number,
  metric: number,
  steps: readonly Int64[],
): Promise<HistoryPoint[]> {
  if (steps.length === 0) return [];
  const rows = await dialect.selectLists<PointColumnsRead>(
    read,
    sql`select ${pointSelection(dialect)}
      from ${dialect.rowsAt('metric_points', sql`run_key = ${run} and metric_id = ${metric}`, 'step', steps)} metric_points
     order by metric_points.step, metric_points.logged_at, value`,
  );
  return rows.map(([step, loggedAt, value]) => toPoint({ step, logged_at: loggedAt, value }));
}

/** Points of one run at these places among those in the range by step, time and value. */
export async function pointsAtPlaces(
  { dialect, read }: ReadSide,
  run: number,
  metric: number,
  range: StepRange,
  { count, first, isGapless }: Span,
  places: readonly number[],
): Promise<HistoryPoint[]> {
  if (places.length === 0) return [];
  if (places.length === count) return await pointsWithin({ dialect, read }, run, metric, range);
  if (isGapless) {
    // By step they are found in the index; else all of the range have to be numbered.
    const steps = places.map((place) => readInt64(String(BigInt(first) + BigInt(place))));
    return await pointsAt({ dialect, read }, run, metric, steps);
  }
  const { rows } = await sql<PointRow>`
    select ${pointSelection(dialect)}
      from (select step, logged_at, value, row_number() over (order by step, logged_at, value) - 1 as place
              from metric_points where run_key = ${run} and metric_id = ${metric} ${within(range)}) metric_points
     where ${dialect.isOneOf(sql`place`, places)}
     order by metric_points.step, metric_points.logged_at, value`.execute(read);
  return rows.map(toPoint);
}

/** How many points one run's metric has within a range; counts no further than `most`. */
export async function countUpTo(
  reader: Reader,
  run: number,
  metric: number,
  range: StepRange,
  most: number,
): Promise<number> {
  const { rows } = await sql<{ count: number }>`
    select count(*) as count from (
      select 1 as one from metric_points
       where run_key = ${run} and metric_id = ${metric} ${within(range)} limit ${most}) found`.execute(reader);
  return Number(rows[0]?.count ?? 0);
}

/** The points of one run's metric within a range, by step and time. */
export async function pointsWithin(
  { dialect, read }: ReadSide,
  run: number,
  metric: number,
  range: StepRange,
): Promise<HistoryPoint[]> {
  const { rows } = await sql<PointRow>`
    select ${pointSelection(dialect)} from metric_points
     where run_key = ${run} and metric_id = ${metric} ${within(range)}
     order by metric_points.step, metric_points.logged_at, value`.execute(read);
  return rows.map(toPoint);
}

/** First and last step of a run's metric within a range, by two look-ups. */
export async function stepEnds(
  reader: Reader,
  run: number,
  metric: number,
  range: StepRange,
): Promise<{ first: Int64; last: Int64 } | undefined> {
  const end = async (direction: 'asc' | 'desc'): Promise<Int64 | undefined> => {
    const { rows } = await sql<{ step: string }>`
      select cast(step as text) as step from metric_points
       where run_key = ${run} and metric_id = ${metric} ${within(range)}
       order by metric_points.step ${sql.raw(direction)} limit 1`.execute(reader);
    return rows[0] && readInt64(rows[0].step);
  };
  const [first, last] = [await end('asc'), await end('desc')];
  return first === undefined || last === undefined ? undefined : { first, last };
}

function within({ from, to }: StepRange) {
  return sql`${from === undefined ? sql`` : sql`and step >= ${from}`} ${to === undefined ? sql`` : sql`and step <= ${to}`}`;
}

function toPoint({ step, logged_at, value }: PointRow): HistoryPoint {
  return { step: exactInt64(step), timestamp: exactInt64(logged_at), value: metricValue(value) };
}

/** What `exactInteger` of the dialect gives. */
export function exactInt64(integer: number | string): Int64 {
  return typeof integer === 'number' ? integer : readInt64(integer);
}
