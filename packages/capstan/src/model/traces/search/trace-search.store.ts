import { sql, type RawBuilder } from 'kysely';
import {
  columnOf,
  conditionOf,
  entityOf,
  nullsLast,
  pageOf,
  sortedBy,
  sortKeysOf,
  type ReadSide,
  type SortKey,
  type Sorting,
} from '#database';
import type { Filter } from '#kernel/filter/ast';
import type { SortTerm } from '#kernel/filter/parse-order';
import { refusal } from '#kernel/filter/place';
import { SOURCE_RUN } from '../model.ts';
import { toHead, type TraceHead, type TraceRow } from '../trace.store.ts';
import {
  ATTRIBUTE,
  METADATA,
  TAG,
  numberAttributes,
  textAttributes,
  traceEntities,
  withSpanAttributes,
} from './trace-fields.store.ts';

export interface TracePageQuery {
  readonly experiments: readonly number[];
  readonly filter: Filter;
  readonly order: readonly SortTerm[];
  readonly limit: number;
  readonly pageToken: string | undefined;
  /** What the page token is good for. */
  readonly question: string;
}

export async function pageOfTraces(
  database: ReadSide,
  query: TracePageQuery,
): Promise<{ traces: TraceHead[]; nextPageToken?: string }> {
  const { joins, keys } = sorting(database, query.order);
  const { rows, ...rest } = await pageOf<TraceRow>(database.read, {
    ...query,
    columns: sql`t.*`,
    from: sql`traces t ${joins}`,
    conditions: conditionsOf(database, query.experiments, query.filter),
    keys,
  });
  return { traces: rows.map(toHead), ...rest };
}

/** How many traces meet the base, the base and each filter, and the base and both. */
export async function countTogether(
  database: ReadSide,
  experiments: readonly number[],
  filters: { readonly base: Filter; readonly first: Filter; readonly second: Filter },
): Promise<{ total: number; first: number; second: number; both: number }> {
  const [experimentCondition, base] = conditionsOf(database, experiments, filters.base);
  const { rows } = await sql<{ is_first: number; is_second: number; count: number }>`
    select is_first, is_second, count(*) as count from (
      select case when ${filterCondition(database, filters.first)} then 1 else 0 end as is_first,
             case when ${filterCondition(database, filters.second)} then 1 else 0 end as is_second
        from traces t where ${experimentCondition} and ${base}) x
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
function conditionsOf(database: ReadSide, experiments: readonly number[], filter: Filter): RawBuilder<unknown>[] {
  return [sql<unknown>`t.experiment_id in (${sql.join(experiments)})`, filterCondition(database, filter)];
}

function filterCondition({ dialect }: ReadSide, filter: Filter): RawBuilder<unknown> {
  return conditionOf(dialect, traceEntities(dialect), withSpanAttributes(filter));
}

/** Missing values last in both directions; ties by newest start, then id. */
function sorting({ dialect }: ReadSide, order: readonly SortTerm[]): { joins: RawBuilder<unknown>; keys: SortKey[] } {
  const joins: RawBuilder<unknown>[] = [];
  const entities = traceEntities(dialect);
  const terms = order.map(({ path, isAscending }, index): Sorting => {
    const { names } = entityOf(entities, path);
    const isRun = names === ATTRIBUTE && path.key === 'run_id';
    if (names === ATTRIBUTE && !isRun) return attributeSorting(path, isAscending);
    if (!isRun && names !== TAG && names !== METADATA) {
      throw refusal(path.place, `Invalid order_by entity: traces are not ordered by ${names[0] ?? ''}`);
    }
    const alias = sql.raw(`s${index}`);
    const table = names === TAG ? sql`trace_tags` : sql`trace_metadata`;
    const key = isRun ? SOURCE_RUN : path.key;
    joins.push(sql`left join ${table} ${alias} on ${alias}.trace_key = t.key and ${alias}.key = ${key}`);
    return { name: `${names[0] ?? ''}.${key}`, keys: nullsLast(sql`${alias}.value`, sql`''`, isAscending) };
  });
  const ties = [sortedBy('timestamp', sql`t.started_at`, false), sortedBy('request_id', sql`t.id`, true)];
  return { joins: sql.join(joins, sql` `), keys: sortKeysOf(terms, ties, 'refuse') };
}

function attributeSorting(path: SortTerm['path'], isAscending: boolean): Sorting {
  const columns = { ...textAttributes, ...numberAttributes, experiment_id: sql`t.experiment_id` };
  const column = columnOf(columns, path);
  const name = path.key.replace(/_ms$/, '').replace('trace_id', 'request_id');
  if (name === 'timestamp' || name === 'request_id') return sortedBy(name, column, isAscending);
  return { name, keys: nullsLast(column, path.key in textAttributes ? sql`''` : sql`0`, isAscending) };
}
