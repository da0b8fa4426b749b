import { sql, type RawBuilder } from 'kysely';
import { allOf, type ReadSide } from '#database';
import type { Part } from './spread.ts';
import { conditionsOf, textTables, type RunQuery } from './run-search.store.ts';

/** A param or tag that runs are grouped by. */
export interface GroupKey {
  readonly of: 'param' | 'tag';
  readonly key: string;
}

/** Run keys from the first on, before the last. */
export interface KeyRange {
  readonly from: number;
  readonly before: number;
}

/** Beyond it, squares leave the range of doubles: such values, as infinities are stored, count as no measurement. */
const GREATEST = 1e150;

/** Least and greatest key of runs of the experiments; undefined where there is none. */
export async function keyRangeOf(
  database: ReadSide,
  { experiments }: Pick<RunQuery, 'experiments'>,
): Promise<KeyRange | undefined> {
  const { rows } = await sql<{ first: number | null; last: number | null }>`
    select min(key) as first, max(key) as last from runs
     where experiment_id in (${sql.join(experiments)})`.execute(database.read);
  const { first, last } = rows[0] ?? { first: null, last: null };
  return first === null || last === null ? undefined : { from: Number(first), before: Number(last) + 1 };
}

/** How many of the runs found lie in each group; a null stands for runs without that param or tag. */
export async function countGroups(
  database: ReadSide,
  query: RunQuery,
  by: readonly GroupKey[],
  range: KeyRange,
): Promise<{ values: (string | null)[]; runs: number }[]> {
  const { joins, names, columns } = groupingOf(by);
  const { rows } = await sql<Record<string, string | null> & { runs: number }>`
    select ${columns}, count(*) as runs from runs r ${joins} where ${within(database, query, range)}
     group by ${names}`.execute(database.read);
  return rows.map((row) => ({ values: valuesOf(row, by.length), runs: Number(row.runs) }));
}

/** What the runs found have of metrics, in each group: NaN left out, squares about the mean of the group. */
export async function spreadOfGroups(
  database: ReadSide,
  query: RunQuery,
  by: readonly GroupKey[],
  metrics: readonly number[],
  range: KeyRange,
): Promise<{ values: (string | null)[]; metric: number; part: Part }[]> {
  const { joins, names, columns } = groupingOf(by);
  const { rows } = await sql<Record<string, string | null> & Part & { metric_id: number }>`
    with found as (
      select ${columns}, m.metric_id, m.value from runs r ${joins} join latest_metrics m on m.run_key = r.key
       where ${within(database, query, range)} and m.metric_id in (${sql.join(metrics)})
         and m.value between ${-GREATEST} and ${GREATEST}
    ), centred as (
      select found.*, avg(value) over (partition by ${names}, metric_id) as mean from found
    )
    select ${names}, metric_id, count(*) as count, min(mean) as mean, min(value) as min, max(value) as max,
           sum((value - mean) * (value - mean)) as squares
      from centred group by ${names}, metric_id`.execute(database.read);
  return rows.map((row) => {
    const { mean, min, max, squares } = row;
    const part = { count: Number(row.count), mean, min, max, squares };
    return { values: valuesOf(row, by.length), metric: row.metric_id, part };
  });
}

function within(database: ReadSide, query: RunQuery, { from, before }: KeyRange): RawBuilder<unknown> {
  return allOf([sql`r.key >= ${from}`, sql`r.key < ${before}`, ...conditionsOf(database, query)]);
}

function groupingOf(by: readonly GroupKey[]): Record<'joins' | 'names' | 'columns', RawBuilder<unknown>> {
  const name = (index: number): RawBuilder<unknown> => sql.ref(`v${index}`);
  const alias = (index: number): RawBuilder<unknown> => sql.raw(`g${index}`);
  return {
    joins: sql.join(
      by.map(
        ({ of, key }, index) =>
          sql`left join ${textTables[of]} ${alias(index)} on ${alias(index)}.run_key = r.key and ${alias(index)}.key = ${key}`,
      ),
      sql` `,
    ),
    names: sql.join(by.map((_, index) => name(index))),
    columns: sql.join(by.map((_, index) => sql`${alias(index)}.value as ${name(index)}`)),
  };
}

function valuesOf(row: Readonly<Record<string, unknown>>, count: number): (string | null)[] {
  return Array.from({ length: count }, (_, index) => (row[`v${index}`] ?? null) as string | null);
}
