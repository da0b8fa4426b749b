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
  type Page,
  type Sorting,
  type SortKey,
} from '#database';
import { comparisonsOf, type Filter, type KeyPath } from '#kernel/filter/ast';
import { refusal } from '#kernel/filter/place';
import {
  ATTRIBUTES,
  loggedModelEntities,
  METRICS,
  numberAttributes,
  latestOf,
  onAnyOf,
  textAttributes,
  type DatasetName,
} from './logged-model-field.store.ts';
import type { LoggedModelRow } from './logged-model.store.ts';

export interface LoggedModelQuery {
  readonly experiments: readonly number[];
  readonly filter: Filter;
  readonly datasets: readonly DatasetName[];
  readonly order: readonly {
    readonly path: KeyPath;
    readonly isAscending: boolean;
    readonly dataset: DatasetName | undefined;
  }[];
  readonly limit: number;
  readonly pageToken: string | undefined;
  readonly question: string;
  readonly metricIds: ReadonlyMap<string, number>;
}

export async function pageOfLoggedModels(database: ReadSide, query: LoggedModelQuery): Promise<Page<LoggedModelRow>> {
  const { joins, keys } = sorting(query);
  return await pageOf<LoggedModelRow>(database.read, {
    ...query,
    columns: sql`l.*`,
    from: sql`logged_models l ${joins}`,
    conditions: conditionsOf(database, query),
    keys,
  });
}

function conditionsOf(database: ReadSide, query: LoggedModelQuery): RawBuilder<unknown>[] {
  const { datasets, experiments, filter, metricIds } = query;
  const entities = loggedModelEntities(metricIds, datasets);
  const conditions = [
    sql<unknown>`l.experiment_id in (${sql.join(experiments)})`,
    sql<unknown>`l.lifecycle = 'active'`,
    conditionOf(database.dialect, entities, filter),
  ];
  const namesMetric = comparisonsOf(filter).some(({ path }) => METRICS.includes(path.entity ?? ''));
  // Datasets without a metric ask for models that have any metric on them.
  if (datasets.length > 0 && !namesMetric) {
    conditions.push(
      sql`exists (select 1 from logged_model_metrics m where m.model_id = l.id and ${onAnyOf(sql`m`, datasets)})`,
    );
  }
  return conditions;
}

/** Missing values last in both directions; ties by newest, then id. */
function sorting(query: LoggedModelQuery): { joins: RawBuilder<unknown>; keys: SortKey[] } {
  const joins: RawBuilder<unknown>[] = [];
  const entities = loggedModelEntities(query.metricIds, []);
  const terms = query.order.map(({ path, isAscending, dataset }, index): Sorting => {
    const { names } = entityOf(entities, path);
    if (names === ATTRIBUTES) return attributeSorting(path, isAscending);
    if (names !== METRICS) {
      throw refusal(
        path.place,
        `Invalid order by field name: ${names[0] ?? ''}. Only metrics and attributes order models`,
      );
    }
    const alias = sql.raw(`s${index}`);
    joins.push(metricJoin(alias, query.metricIds.get(path.key) ?? 0, query.datasets, dataset));
    const name = JSON.stringify([path.key, dataset?.name, dataset?.digest]);
    return { name, keys: nullsLast(sql`nullif(${alias}.value, ${-Infinity})`, sql`0`, isAscending) };
  });
  const ties = [sortedBy('creation_timestamp', sql`l.created_at`, false), sortedBy('model_id', sql`l.id`, true)];
  return { joins: sql.join(joins, sql` `), keys: sortKeysOf(terms, ties, 'leave out') };
}

function attributeSorting(path: KeyPath, isAscending: boolean): Sorting {
  const column = columnOf({ ...textAttributes, ...numberAttributes }, path);
  const isCreation = path.key.startsWith('creation_time');
  return sortedBy(isCreation ? 'creation_timestamp' : path.key, column, isAscending);
}

function metricJoin(
  alias: RawBuilder<unknown>,
  metric: number,
  datasets: readonly DatasetName[],
  dataset: DatasetName | undefined,
): RawBuilder<unknown> {
  // NaN counts as missing.
  return sql`left join (${latestOf(metric, [datasets, dataset ? [dataset] : []])}) ${alias} on ${alias}.model_id = l.id`;
}
