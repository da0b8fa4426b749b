import { sql, type RawBuilder } from 'kysely';
import { allOf, type Database } from '#database';
import { conditionsOf, textTables, type RunQuery } from './run-search.store.ts';

/** A param or tag that runs are grouped by. */
export interface GroupKey {
  readonly of: 'param' | 'tag';
  readonly key: string;
}

/** What the runs of a group have of one metric; runs without it, and those whose value is NaN, are left out. */
export interface MetricOfGroup {
  readonly count: number;
  readonly mean: number;
  readonly min: number;
  readonly max: number;
  /** Of the sample (n − 1); null for one run. */
  readonly std: number | null;
}

export interface RunGroup {
  /** Of each key; null where the runs have no such param or tag. */
  readonly values: readonly (string | null)[];
  readonly runs: number;
  readonly metrics: ReadonlyMap<string, MetricOfGroup>;
}

/** Beyond it, sums of squares leave the range of doubles: such values count as no measurement. */
const GREATEST = 1e150;

/** Groups of the runs found, the largest first, at most `limit`; then those beyond are told by `hasMore`. */
export async function groupRuns(
  database: Database,
  query: RunQuery,
  by: readonly GroupKey[],
  limit: number,
): Promise<{ groups: { values: (string | null)[]; runs: number }[]; hasMore: boolean }> {
  const { joins, names, columns } = groupingOf(by);
  const { rows } = await sql<Record<string, string | null> & { runs: number }>`
    select ${columns}, count(*) as runs from runs r ${joins} where ${allOf(conditionsOf(database, query))}
     group by ${names} order by count(*) desc, ${names} limit ${limit + 1}`.execute(database.read);
  const groups = rows.slice(0, limit).map((row) => ({ values: valuesOf(row, by.length), runs: Number(row.runs) }));
  return { groups, hasMore: rows.length > limit };
}

interface MetricRow {
  readonly metric_id: number;
  readonly count: number;
  readonly mean: number;
  readonly min: number;
  readonly max: number;
  /** Sum of squared distances from the mean. */
  readonly squares: number;
}

/**
 * Figures of metrics in each group: `[values of the group, metric id, figures]`. The squares are summed about the mean of
 * the group, which the naive sum of squares would lose to rounding.
 */
export async function metricsOfGroups(
  database: Database,
  query: RunQuery,
  by: readonly GroupKey[],
  metrics: readonly number[],
): Promise<{ values: (string | null)[]; metric: number; figures: MetricOfGroup }[]> {
  if (metrics.length === 0) return [];
  const { joins, names, columns } = groupingOf(by);
  const { rows } = await sql<Record<string, string | null> & MetricRow>`
    with found as (
      select ${columns}, m.metric_id, m.value from runs r ${joins} join latest_metrics m on m.run_key = r.key
       where ${allOf(conditionsOf(database, query))} and m.metric_id in (${sql.join(metrics)})
         and m.value between ${-GREATEST} and ${GREATEST}
    ), centred as (
      select found.*, avg(value) over (partition by ${names}, metric_id) as mean from found
    )
    select ${names}, metric_id, count(*) as count, min(mean) as mean, min(value) as min, max(value) as max,
           sum((value - mean) * (value - mean)) as squares
      from centred group by ${names}, metric_id`.execute(database.read);
  return rows.map((row) => {
    const count = Number(row.count);
    const std = count < 2 ? null : Math.sqrt(row.squares / (count - 1));
    const figures = { count, mean: row.mean, min: row.min, max: row.max, std };
    return { values: valuesOf(row, by.length), metric: row.metric_id, figures };
  });
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
