import { sql, type RawBuilder } from 'kysely';
import {
  allOf,
  behind,
  conditionOf,
  listOperators,
  numberOperators,
  orderBy,
  refusal,
  sortColumns,
  sortValues,
  textOperators,
  type Database,
  type SearchField,
  type SortKey,
} from '#database';
import { invalid } from '#kernel/errors';
import type { Comparison, KeyPath } from '#kernel/filter/parse-filter';
import { readPageToken, writePageToken } from '#kernel/filter/page-token';
import type { LoggedModelRow } from './logged-model.store.ts';
import { ARTIFACT_SCHEME } from '../model.ts';

/** Without digest: any version of that name. */
export interface DatasetName {
  readonly name: string;
  readonly digest?: string | undefined;
}

export interface LoggedModelQuery {
  readonly experiments: readonly number[];
  readonly comparisons: readonly Comparison[];
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

const textAttributes: Readonly<Record<string, RawBuilder<unknown>>> = {
  name: sql`l.name`,
  model_id: sql`l.id`,
  model_type: sql`l.model_type`,
  // As the Python client calls them.
  status: sql`case l.status when 'LOGGED_MODEL_UPLOAD_FAILED' then 'FAILED' else substr(l.status, 14) end`,
  source_run_id: sql`l.source_run_id`,
  artifact_location: sql`(${sql.lit(ARTIFACT_SCHEME)} || l.artifact_root)`,
};
const numberAttributes: Readonly<Record<string, RawBuilder<unknown>>> = {
  creation_timestamp: sql`l.created_at`,
  creation_time: sql`l.created_at`,
  last_updated_timestamp: sql`l.updated_at`,
  last_updated_time: sql`l.updated_at`,
};
const attributeNames = [...Object.keys(textAttributes), ...Object.keys(numberAttributes)].join(', ');

export async function pageOfLoggedModels(
  database: Database,
  query: LoggedModelQuery,
): Promise<{ rows: LoggedModelRow[]; nextPageToken?: string }> {
  const { joins, keys } = sorting(query);
  const conditions = [
    sql<unknown>`l.experiment_id in (${sql.join(query.experiments)})`,
    sql<unknown>`l.lifecycle = 'active'`,
    ...query.comparisons.map((comparison) => conditionOf(database.dialect, fieldOf(comparison, query), comparison)),
  ];
  if (query.pageToken !== undefined)
    conditions.push(behind(keys, readPageToken(query.pageToken, query.question, keys.length)));
  const { rows } = await sql<LoggedModelRow>`
    select l.*, ${sortColumns(keys)} from logged_models l ${joins} where ${allOf(conditions)}
     order by ${orderBy(keys)} limit ${query.limit + 1}`.execute(database.read);
  const page = rows.slice(0, query.limit);
  const last = page.at(-1);
  return {
    rows: page,
    ...(last &&
      rows.length > query.limit && { nextPageToken: writePageToken(query.question, sortValues(last, keys.length)) }),
  };
}

function fieldOf(comparison: Comparison, { metricIds, datasets }: LoggedModelQuery): SearchField {
  const { entity, key } = comparison.path;
  if (entity === 'metrics') {
    const on =
      datasets.length === 0
        ? sql``
        : sql`and (${sql.join(
            datasets.map((dataset) => onDataset(sql`m`, dataset)),
            sql` or `,
          )})`;
    return {
      label: 'metric',
      type: 'number',
      operators: numberOperators,
      expression: sql`m.value`,
      hasNaN: true,
      within: (condition) =>
        sql`exists (select 1 from logged_model_metrics m where m.model_id = l.id and m.metric_id = ${metricIds.get(key) ?? 0} ${on}
                     and ${condition})`,
    };
  }
  if (entity === 'params' || entity === 'tags') {
    const table = entity === 'params' ? sql`logged_model_params` : sql`logged_model_tags`;
    return {
      label: entity.slice(0, -1),
      type: 'text',
      operators: [...textOperators, ...listOperators],
      expression: sql`t.value`,
      within: (condition) =>
        sql`exists (select 1 from ${table} t where t.model_id = l.id and t.key = ${key} and ${condition})`,
    };
  }
  if (entity !== undefined && entity !== 'attributes' && entity !== 'attribute') {
    throw refusal(
      comparison,
      `Invalid entity type '${entity}'. Valid entity types are attributes, metrics, params, tags`,
    );
  }
  const number = numberAttributes[key];
  if (number) return { label: `attribute ${key}`, type: 'number', operators: numberOperators, expression: number };
  const text = textAttributes[key];
  if (!text) throw refusal(comparison, `Invalid attribute key '${key}' specified. Valid keys are ${attributeNames}`);
  return { label: `attribute ${key}`, type: 'text', operators: [...textOperators, ...listOperators], expression: text };
}

/** Missing metrics last in both directions; ties by newest, then id. */
function sorting(query: LoggedModelQuery): { joins: RawBuilder<unknown>; keys: SortKey[] } {
  const joins: RawBuilder<unknown>[] = [];
  const keys: SortKey[] = [];
  for (const [index, { path, isAscending, dataset }] of query.order.entries()) {
    const expression = textAttributes[path.key] ?? numberAttributes[path.key];
    if (path.entity === 'metrics') {
      const alias = sql.raw(`s${index}`);
      joins.push(metricJoin(alias, query.metricIds.get(path.key) ?? 0, dataset));
      keys.push(
        { expression: sql`case when ${alias}.value is null then 1 else 0 end`, isAscending: true },
        { expression: sql`coalesce(${alias}.value, 0)`, isAscending },
      );
    } else if (expression && (path.entity === undefined || path.entity.startsWith('attribute'))) {
      const standIn = path.key in numberAttributes ? sql`0` : sql`''`;
      keys.push({ expression: sql`coalesce(${expression}, ${standIn})`, isAscending });
    } else {
      throw invalid(
        `Invalid order_by field '${path.entity ? `${path.entity}.` : ''}${path.key}'. Use metrics.NAME or one of ${attributeNames}`,
        {
          field: 'order_by',
        },
      );
    }
  }
  keys.push({ expression: sql`l.created_at`, isAscending: false }, { expression: sql`l.id`, isAscending: true });
  return { joins: sql.join(joins, sql` `), keys };
}

/** The value at the greatest step, the latest of those; NaN counts as missing. */
function metricJoin(alias: RawBuilder<unknown>, metric: number, dataset: DatasetName | undefined): RawBuilder<unknown> {
  const on = (of: RawBuilder<unknown>) => (dataset ? sql`and ${onDataset(of, dataset)}` : sql``);
  const newer = sql`(n.step, n.logged_at, n.value, n.dataset_name, n.dataset_digest) >
                    (o.step, o.logged_at, o.value, o.dataset_name, o.dataset_digest)`;
  return sql`left join (
      select o.model_id, o.value from logged_model_metrics o
       where o.metric_id = ${metric} and o.value > ${-Infinity} ${on(sql`o`)}
         and not exists (select 1 from logged_model_metrics n where n.model_id = o.model_id and n.metric_id = o.metric_id
                            and n.value > ${-Infinity} ${on(sql`n`)} and ${newer})) ${alias} on ${alias}.model_id = l.id`;
}

function onDataset(table: RawBuilder<unknown>, { name, digest }: DatasetName): RawBuilder<unknown> {
  const hasName = sql`${table}.dataset_name = ${name}`;
  return digest ? sql`(${hasName} and ${table}.dataset_digest = ${digest})` : sql`(${hasName})`;
}
