import { sql, type RawBuilder } from 'kysely';
import {
  columnOf,
  conditionOf,
  countOf,
  entityOf,
  nullsLast,
  pageOf,
  sortedBy,
  sortKeysOf,
  type ReadSide,
  type Sorting,
  type SortKey,
} from '#database';
import type { Filter } from '#kernel/filter/ast';
import type { SortTerm } from '#kernel/filter/parse-order';
import { refusal } from '#kernel/filter/place';
import type { View } from '../model.ts';
import { toRun, type RunRow, type RunWithKey } from '../run.store.ts';
import {
  ATTRIBUTE,
  METRIC,
  NO_METRIC,
  numberAttributes,
  PARAM,
  runEntities,
  TAG,
  textAttributes,
} from './run-field.store.ts';

/** A param or tag that runs must have with just this value; null: that they must lack. */
export interface Membership {
  readonly of: 'param' | 'tag';
  readonly key: string;
  readonly value: string | null;
}

/** Which value of a metric a sort goes by. */
type MetricValue = 'last' | 'min' | 'max';
/** Which value of metrics a sort goes by: of all, or of each by name; the last where none is said. */
export type MetricOrder = MetricValue | Readonly<Record<string, MetricValue>>;

export interface RunQuery {
  readonly experiments: readonly number[];
  readonly filter: Filter;
  readonly within: readonly Membership[];
  readonly view: View;
  /** Ids of the metrics that filter and order name; a name without one has never been logged. */
  readonly metricIds: ReadonlyMap<string, number>;
}

export interface RunPageQuery extends RunQuery {
  readonly order: readonly SortTerm[];
  readonly orderMetricsBy: MetricOrder;
  readonly limit: number;
  readonly pageToken: string | undefined;
  /** What the page token is good for. */
  readonly question: string;
}

/** Where params and tags of runs are. */
export const textTables = { param: sql`run_params`, tag: sql`run_tags` } as const;
const metricColumns: Readonly<Record<MetricValue, RawBuilder<unknown>>> = {
  last: sql.raw('value'),
  min: sql.raw('min_value'),
  max: sql.raw('max_value'),
};

export async function pageOfRuns(
  database: ReadSide,
  query: RunPageQuery,
): Promise<{ runs: RunWithKey[]; nextPageToken?: string }> {
  const { joins, keys } = sorting(query);
  const { rows, ...rest } = await pageOf<RunRow>(database.read, {
    ...query,
    columns: sql`r.*`,
    from: sql`runs r ${joins}`,
    conditions: conditionsOf(database, query),
    keys,
  });
  return { runs: rows.map(toRun), ...rest };
}

export async function countMatches(database: ReadSide, query: RunQuery): Promise<number> {
  return await countOf(database.read, sql`runs r`, conditionsOf(database, query));
}

/** What a run `r` must meet to be found. The experiments first: their index is what every search starts from. */
export function conditionsOf(database: ReadSide, query: RunQuery): RawBuilder<unknown>[] {
  const conditions = [sql<unknown>`r.experiment_id in (${sql.join(query.experiments)})`];
  if (query.view !== 'all') conditions.push(sql`r.lifecycle = ${query.view}`);
  for (const { of, key, value } of query.within) {
    const rows = sql`select 1 from ${textTables[of]} w where w.run_key = r.key and w.key = ${sql.val(key)}`;
    conditions.push(value === null ? sql`not exists (${rows})` : sql`exists (${rows} and w.value = ${value})`);
  }
  return [...conditions, conditionOf(database.dialect, runEntities(query.metricIds), query.filter)];
}

/** Missing values last in both directions, NaN before them; ties by newest start, then id. */
function sorting({ order, orderMetricsBy, metricIds }: RunPageQuery): { joins: RawBuilder<unknown>; keys: SortKey[] } {
  const joins: RawBuilder<unknown>[] = [];
  const entities = runEntities(metricIds);
  const terms = order.map(({ path, isAscending }, index): Sorting => {
    const alias = sql.raw(`s${index}`);
    const { names } = entityOf(entities, path);
    if (names === ATTRIBUTE) return attributeSorting(path, isAscending);
    if (names === METRIC) {
      const id = metricIds.get(path.key) ?? NO_METRIC;
      joins.push(sql`left join latest_metrics ${alias} on ${alias}.run_key = r.key and ${alias}.metric_id = ${id}`);
      const column = sql`${alias}.${metricColumns[valueOf(orderMetricsBy, path.key)]}`;
      return { name: `metric.${path.key}`, keys: metricKeys(column, isAscending) };
    }
    if (names !== PARAM && names !== TAG) {
      throw refusal(path.place, 'Invalid order_by entity: runs are not ordered by their datasets');
    }
    const table = textTables[names === PARAM ? 'param' : 'tag'];
    joins.push(sql`left join ${table} ${alias} on ${alias}.run_key = r.key and ${alias}.key = ${path.key}`);
    return {
      name: `${names[0] ?? ''}.${path.key}`,
      keys: nullsLast(sql`${alias}.value`, sql`''`, isAscending),
    };
  });
  const ties = [sortedBy('start_time', sql`r.start_time`, false), sortedBy('run_id', sql`r.id`, true)];
  return { joins: sql.join(joins, sql` `), keys: sortKeysOf(terms, ties, 'refuse') };
}

function valueOf(order: MetricOrder, key: string): MetricValue {
  if (typeof order === 'string') return order;
  return Object.hasOwn(order, key) ? (order[key] ?? 'last') : 'last';
}

function metricKeys(value: RawBuilder<unknown>, isAscending: boolean): SortKey[] {
  const rank = sql`case when ${value} is null then 2 when ${value} = ${-Infinity} then 1 else 0 end`;
  return [
    { expression: rank, isAscending: true },
    { expression: sql`case when ${value} > ${-Infinity} then ${value} else 0 end`, isAscending },
  ];
}

function attributeSorting(path: SortTerm['path'], isAscending: boolean): Sorting {
  const column = columnOf({ ...textAttributes, ...numberAttributes }, path, 'attribute');
  if (path.key === 'end_time') return { name: path.key, keys: nullsLast(column, sql`0`, isAscending) };
  const name = path.key.toLowerCase().replace(' ', '_');
  return sortedBy(name === 'created' ? 'start_time' : name, column, isAscending);
}
