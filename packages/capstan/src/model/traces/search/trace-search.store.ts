import { sql, type RawBuilder } from 'kysely';
import { allOf, behind, conditionOf, orderBy, sortColumns, sortValues, type Database, type SortKey } from '#database';
import { invalid } from '#kernel/errors';
import type { Comparison } from '#kernel/filter/parse-filter';
import type { SortTerm } from '#kernel/filter/parse-order';
import { readPageToken, writePageToken } from '#kernel/filter/page-token';
import { SOURCE_RUN } from '../model.ts';
import { toHead, type TraceHead, type TraceRow } from '../trace.store.ts';
import { numberAttributes, textAttributes, traceField } from './trace-fields.store.ts';

export interface TraceQuery {
  readonly experiments: readonly number[];
  readonly comparisons: readonly Comparison[];
}

export interface TracePageQuery extends TraceQuery {
  readonly order: readonly SortTerm[];
  readonly limit: number;
  readonly pageToken: string | undefined;
  /** What the page token is good for. */
  readonly question: string;
}

export async function pageOfTraces(
  database: Database,
  query: TracePageQuery,
): Promise<{ traces: TraceHead[]; nextPageToken?: string }> {
  const { joins, keys } = sorting(query.order);
  const conditions = conditionsOf(database, query);
  if (query.pageToken !== undefined)
    conditions.push(behind(keys, readPageToken(query.pageToken, query.question, keys.length)));
  const { rows } = await sql<TraceRow>`
    select t.*, ${sortColumns(keys)} from traces t ${joins} where ${allOf(conditions)}
     order by ${orderBy(keys)} limit ${query.limit + 1}`.execute(database.read);
  const page = rows.slice(0, query.limit);
  const last = page.at(-1);
  return {
    traces: page.map(toHead),
    ...(last &&
      rows.length > query.limit && { nextPageToken: writePageToken(query.question, sortValues(last, keys.length)) }),
  };
}

/** How many traces meet the base, the base and each filter, and the base and both. */
export async function countTogether(
  database: Database,
  experiments: readonly number[],
  filters: {
    readonly base: readonly Comparison[];
    readonly first: readonly Comparison[];
    readonly second: readonly Comparison[];
  },
): Promise<{ total: number; first: number; second: number; both: number }> {
  const of = (comparisons: readonly Comparison[]) => allOf(comparisons.map((clause) => clauseOf(database, clause)));
  const base = allOf(conditionsOf(database, { experiments, comparisons: filters.base }));
  const { rows } = await sql<{ is_first: number; is_second: number; count: number }>`
    select is_first, is_second, count(*) as count from (
      select case when ${of(filters.first)} then 1 else 0 end as is_first,
             case when ${of(filters.second)} then 1 else 0 end as is_second
        from traces t where ${base}) x
     group by is_first, is_second`.execute(database.read);
  const count = (isCounted: (row: { is_first: number; is_second: number }) => boolean) =>
    rows.filter(isCounted).reduce((sum, row) => sum + Number(row.count), 0);
  return {
    total: count(() => true),
    first: count((row) => Number(row.is_first) === 1),
    second: count((row) => Number(row.is_second) === 1),
    both: count((row) => Number(row.is_first) === 1 && Number(row.is_second) === 1),
  };
}

/** The experiments first: nobody's text is read but that of the traces asked for. */
function conditionsOf(database: Database, { experiments, comparisons }: TraceQuery): RawBuilder<unknown>[] {
  return [
    sql<unknown>`t.experiment_id in (${sql.join(experiments)})`,
    ...comparisons.map((clause) => clauseOf(database, clause)),
  ];
}

function clauseOf({ dialect }: Database, comparison: Comparison): RawBuilder<unknown> {
  return conditionOf(dialect, traceField(dialect, comparison), comparison);
}

/** Missing values last in both directions; ties by newest start, then id. */
function sorting(order: readonly SortTerm[]): { joins: RawBuilder<unknown>; keys: SortKey[] } {
  const joins: RawBuilder<unknown>[] = [];
  const keys: SortKey[] = [];
  for (const [index, { path, isAscending }] of order.entries()) {
    const { entity = 'attribute', key } = path;
    const joined = joinedText(entity, key);
    if (joined) {
      const alias = sql.raw(`s${index}`);
      joins.push(
        sql`left join ${joined.table} ${alias} on ${alias}.trace_key = t.key and ${alias}.key = ${joined.key}`,
      );
      keys.push(...nullsLast(sql`${alias}.value`, sql`''`, isAscending));
    } else keys.push(...attributeKeys(entity, key, isAscending));
  }
  keys.push({ expression: sql`t.started_at`, isAscending: false }, { expression: sql`t.id`, isAscending: true });
  return { joins: sql.join(joins, sql` `), keys };
}

function joinedText(entity: string, key: string): { table: RawBuilder<unknown>; key: string } | undefined {
  if (entity === 'tag' || entity === 'tags') return { table: sql`trace_tags`, key };
  if (entity === 'metadata' || entity === 'request_metadata') return { table: sql`trace_metadata`, key };
  return key === 'run_id' ? { table: sql`trace_metadata`, key: SOURCE_RUN } : undefined;
}

function attributeKeys(entity: string, key: string, isAscending: boolean): SortKey[] {
  if (!['attribute', 'attributes', 'trace'].includes(entity)) {
    throw invalid(`Invalid identifier type '${entity}' in order_by`, { field: 'order_by' });
  }
  const number = key === 'experiment_id' ? sql`t.experiment_id` : numberAttributes[key];
  if (number) return nullsLast(number, sql`0`, isAscending);
  const text = textAttributes[key];
  if (text) return nullsLast(text, sql`''`, isAscending);
  const names = [...Object.keys(numberAttributes), ...Object.keys(textAttributes), 'experiment_id', 'run_id'];
  throw invalid(`Invalid attribute key '${key}' specified. Valid keys are ${names.join(', ')}`, { field: 'order_by' });
}

function nullsLast(value: RawBuilder<unknown>, standIn: RawBuilder<unknown>, isAscending: boolean): SortKey[] {
  return [
    { expression: sql`case when ${value} is null then 1 else 0 end`, isAscending: true },
    { expression: sql`coalesce(${value}, ${standIn})`, isAscending },
  ];
}
