// Blocks of long series: points summed up over stretches of steps, level by level (docs/decisions/0023).
import { sql } from 'kysely';
import type { Reader, Writer } from '#database';
import { compareInt64, readInt64, type Int64 } from '#kernel/int64';
import { SCALE, type Sums } from './buckets.ts';

export interface Series {
  readonly run: number;
  readonly metric: number;
}

/** Points in a block of the finest level; more only where one step has more. */
const BLOCK_POINTS = 64;
/** Blocks of a level in one of the next. */
const FAN = 4;
/** The coarsest level: some 65,000 points a block. */
export const TOP_LEVEL = 5;
/** Points summed up in one transaction, so that no writer waits long for it. */
const POINTS_AT_ONCE = 8_192;

const of = ({ run, metric }: Series) => sql`run_key = ${run} and metric_id = ${metric}`;

/** The step up to which blocks hold every point; undefined where there are none. */
export async function coveredTo(reader: Reader, series: Series): Promise<Int64 | undefined> {
  const { rows } = await sql<{ step: string }>`
    select cast(covered_to as text) as step from metric_pyramids where ${of(series)}`.execute(reader);
  return rows[0] && readInt64(rows[0].step);
}

/**
 * Sums up some of the points behind those that are, and closes the blocks above that are full. The caller holds the chain
 * lock, so nobody adds points meanwhile.
 * @returns whether there may be more
 */
export async function extend(writer: Writer, series: Series): Promise<boolean> {
  const run = await sql`select 1 from runs where key = ${series.run}`.execute(writer);
  if (run.rows.length === 0) return false;
  const covered = await coveredTo(writer, series);
  const behind = covered === undefined ? sql`` : sql`and step > ${covered}`;
  // Ranks are equal for equal steps, so no step is parted. The last block may lack points that are beyond the limit.
  const added = await sql`
    with next_points as (
      select step, value from metric_points where ${of(series)} ${behind}
       order by step limit ${sql.lit(POINTS_AT_ONCE)}),
    placed as (
      select step, value, (rank() over (order by step) - 1) / ${sql.lit(BLOCK_POINTS)} as place from next_points)
    insert into metric_blocks
      (run_key, metric_id, level, last_step, first_step, points, numbers, min_value, max_value, scaled_sum)
    select ${sql.lit(series.run)}, ${sql.lit(series.metric)}, 0, max(step), min(step), count(*), count(nullif(value, ${-Infinity})),
           min(nullif(value, ${-Infinity})), max(nullif(value, ${-Infinity})), sum(nullif(value, ${-Infinity}) * ${SCALE})
      from placed where place < (select max(place) from placed) group by place`.execute(writer);
  if (Number(added.numAffectedRows ?? 0n) === 0) return false;
  for (let level = 1; level <= TOP_LEVEL; level++) await close(writer, series, level);
  await setCovered(writer, series);
  return true;
}

/** Makes blocks of a level out of those below it. */
async function close(writer: Writer, series: Series, level: number): Promise<void> {
  const last = await lastOf(writer, series, level);
  const behind = last === undefined ? sql`` : sql`and last_step > ${last}`;
  await sql`
    with placed as (
      select b.*, (row_number() over (order by last_step) - 1) / ${sql.lit(FAN)} as place from metric_blocks b
       where ${of(series)} and level = ${sql.lit(level - 1)} ${behind})
    insert into metric_blocks
      (run_key, metric_id, level, last_step, first_step, points, numbers, min_value, max_value, scaled_sum)
    select ${sql.lit(series.run)}, ${sql.lit(series.metric)}, ${sql.lit(level)}, max(last_step), min(first_step), sum(points), sum(numbers),
           min(min_value), max(max_value), sum(scaled_sum)
      from placed group by place having count(*) = ${sql.lit(FAN)}`.execute(writer);
}

async function lastOf(reader: Reader, series: Series, level: number): Promise<Int64 | undefined> {
  const { rows } = await sql<{ step: string | null }>`
    select cast(max(last_step) as text) as step from metric_blocks
     where ${of(series)} and level = ${level}`.execute(reader);
  const step = rows[0]?.step;
  return step == null ? undefined : readInt64(step);
}

async function setCovered(writer: Writer, series: Series): Promise<void> {
  const last = await lastOf(writer, series, 0);
  if (last === undefined) {
    await sql`delete from metric_pyramids where ${of(series)}`.execute(writer);
    return;
  }
  await sql`insert into metric_pyramids (run_key, metric_id, covered_to) values (${series.run}, ${series.metric}, ${last})
    on conflict (run_key, metric_id) do update set covered_to = excluded.covered_to`.execute(writer);
}

/** Those of the runs that have a series with blocks. */
export async function runsWithPyramid(reader: Reader, runs: readonly number[]): Promise<number[]> {
  if (runs.length === 0) return [];
  const rows = await reader
    .selectFrom('metric_pyramids')
    .select('run_key')
    .distinct()
    .where('run_key', 'in', runs)
    .execute();
  return rows.map((row) => row.run_key);
}

/**
 * Takes away what no longer holds all points, of series of a run that got some: most are newer than all before, which
 * costs one look. In the transaction that adds them.
 * @param least of each metric, the first step that was added
 */
export async function forgetBehind(writer: Writer, run: number, least: ReadonlyMap<number, Int64>): Promise<void> {
  const { rows } = await sql<{ metric: number; covered: string }>`
    select metric_id as metric, cast(covered_to as text) as covered from metric_pyramids
     where run_key = ${run}`.execute(writer);
  for (const { covered, ...row } of rows) {
    const series = { run, metric: Number(row.metric) };
    const from = least.get(series.metric);
    if (from === undefined || compareInt64(from, readInt64(covered)) > 0) continue;
    for (let level = 0; level <= TOP_LEVEL; level++) {
      await sql`delete from metric_blocks
        where ${of(series)} and level = ${level} and last_step >= ${from}`.execute(writer);
    }
    await setCovered(writer, series);
  }
}

/** Steps from one to another, both within. */
export interface Stretch {
  readonly first: Int64;
  readonly last: Int64;
}

const inside = (series: Series, level: number, { first, last }: Stretch) =>
  sql`from metric_blocks where ${of(series)} and level = ${level}
    and first_step >= ${first} and last_step >= ${first} and last_step <= ${last}`;

/** How many blocks of a level lie wholly within; counts no further than `most`. */
export async function countBlocks(
  reader: Reader,
  series: Series,
  level: number,
  stretch: Stretch,
  most: number,
): Promise<number> {
  const { rows } = await sql<{ count: number }>`
    select count(*) as count from (select 1 as one ${inside(series, level, stretch)} limit ${most}) found`.execute(
    reader,
  );
  return Number(rows[0]?.count ?? 0);
}

/** The blocks of a level that lie wholly within, in order of steps. */
export async function blocksWithin(reader: Reader, series: Series, level: number, stretch: Stretch): Promise<Sums[]> {
  const { rows } = await sql<Sums>`
    select cast(first_step as text) as first, cast(last_step as text) as last, points as count, numbers,
           min_value as min, max_value as max, scaled_sum as sum
      ${inside(series, level, stretch)} order by metric_blocks.last_step`.execute(reader);
  return rows;
}
