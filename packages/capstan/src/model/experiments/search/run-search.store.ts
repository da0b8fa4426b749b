import { sql, type RawBuilder } from 'kysely';
import {
  allOf,
  behind,
  conditionOf,
  listOperators,
  nullOperators,
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
import type { Comparison } from '#kernel/filter/parse-filter';
import type { SortTerm } from '#kernel/filter/parse-order';
import { readPageToken, writePageToken } from '#kernel/filter/page-token';
import { ARTIFACT_SCHEME, type View } from '../model.ts';
import { toRun, type RunRow, type RunWithKey } from '../run.store.ts';

/** A param or tag that runs must have with just this value; null: that they must lack. */
export interface Membership {
  readonly of: 'param' | 'tag';
  readonly key: string;
  readonly value: string | null;
}

/** Which value of a metric a sort goes by. */
export type MetricValue = 'last' | 'min' | 'max';

export interface RunQuery {
  readonly experiments: readonly number[];
  readonly comparisons: readonly Comparison[];
  readonly within: readonly Membership[];
  readonly view: View;
  /** Ids of the metrics that filter and order name; a name without one has never been logged. */
  readonly metricIds: ReadonlyMap<string, number>;
}

export interface RunPageQuery extends RunQuery {
  readonly order: readonly SortTerm[];
  readonly orderMetricsBy: MetricValue;
  readonly limit: number;
  readonly pageToken: string | undefined;
  /** What the page token is good for. */
  readonly question: string;
}

const numberAttributes: Readonly<Record<string, RawBuilder<unknown>>> = {
  start_time: sql`r.start_time`,
  end_time: sql`r.end_time`,
  created: sql`r.start_time`,
  Created: sql`r.start_time`,
};
const nameColumn = sql`r.name`;
const textAttributes: Readonly<Record<string, RawBuilder<unknown>>> = {
  run_id: sql`r.id`,
  run_name: nameColumn,
  'run name': nameColumn,
  'Run name': nameColumn,
  'Run Name': nameColumn,
  status: sql`r.status`,
  user_id: sql`r.user_id`,
  artifact_uri: sql`(${sql.lit(ARTIFACT_SCHEME)} || r.artifact_root)`,
};
const datasetColumns: Readonly<Record<string, RawBuilder<unknown>>> = {
  name: sql`d.name`,
  digest: sql`d.digest`,
  context: sql`i.context`,
};

/** Where params and tags of runs are. */
export const textTables = { param: sql`run_params`, tag: sql`run_tags` } as const;
const metricColumns: Readonly<Record<MetricValue, RawBuilder<unknown>>> = {
  last: sql.raw('value'),
  min: sql.raw('min_value'),
  max: sql.raw('max_value'),
};

const METRIC = new Set(['metric', 'metrics']);
const PARAM = new Set(['param', 'params', 'parameter', 'parameters']);
const TAG = new Set(['tag', 'tags']);
const ATTRIBUTE = new Set([undefined, 'attribute', 'attributes', 'attr', 'run']);
const DATASET = new Set(['dataset', 'datasets']);
/** No metric has this id, so nothing matches. */
const NO_METRIC = 0;

export async function pageOfRuns(
  database: Database,
  query: RunPageQuery,
): Promise<{ runs: RunWithKey[]; nextPageToken?: string }> {
  const { joins, keys } = sorting(query);
  const conditions = conditionsOf(database, query);
  if (query.pageToken !== undefined)
    conditions.push(behind(keys, readPageToken(query.pageToken, query.question, keys.length)));
  const { rows } = await sql<RunRow>`
    select r.*, ${sortColumns(keys)} from runs r ${joins} where ${allOf(conditions)}
     order by ${orderBy(keys)} limit ${query.limit + 1}`.execute(database.read);
  const page = rows.slice(0, query.limit);
  const last = page.at(-1);
  return {
    runs: page.map(toRun),
    ...(last &&
      rows.length > query.limit && { nextPageToken: writePageToken(query.question, sortValues(last, keys.length)) }),
  };
}

export async function countMatches(database: Database, query: RunQuery): Promise<number> {
  const { rows } = await sql<{ count: number }>`
    select count(*) as count from runs r where ${allOf(conditionsOf(database, query))}`.execute(database.read);
  return Number(rows[0]?.count ?? 0);
}

/** What a run `r` must meet to be found. */
export function conditionsOf(database: Database, query: RunQuery): RawBuilder<unknown>[] {
  const conditions = [sql<unknown>`r.experiment_id in (${sql.join(query.experiments)})`];
  if (query.view !== 'all') conditions.push(sql`r.lifecycle = ${query.view}`);
  for (const comparison of query.comparisons) {
    conditions.push(conditionOf(database.dialect, fieldOf(comparison, query.metricIds), comparison));
  }
  for (const { of, key, value } of query.within) {
    const rows = sql`select 1 from ${textTables[of]} w where w.run_key = r.key and w.key = ${sql.val(key)}`;
    conditions.push(value === null ? sql`not exists (${rows})` : sql`exists (${rows} and w.value = ${value})`);
  }
  return conditions;
}

function fieldOf(comparison: Comparison, metricIds: ReadonlyMap<string, number>): SearchField {
  const { entity, key } = comparison.path;
  if (METRIC.has(entity ?? '')) {
    const id = metricIds.get(key) ?? NO_METRIC;
    return {
      label: 'metric',
      type: 'number',
      operators: numberOperators,
      expression: sql`m.value`,
      hasNaN: true,
      within: (condition) =>
        sql`exists (select 1 from latest_metrics m where m.run_key = r.key and m.metric_id = ${id} and ${condition})`,
    };
  }
  if (PARAM.has(entity ?? '')) return keyedField('param', sql`run_params`, key);
  if (TAG.has(entity ?? '')) return keyedField('tag', sql`run_tags`, key);
  if (DATASET.has(entity ?? '')) return datasetField(comparison);
  if (ATTRIBUTE.has(entity)) return attributeField(comparison);
  throw refusal(
    comparison,
    `Invalid entity type '${entity}'. Valid entity types are metric, parameter, tag, attribute, dataset`,
  );
}

function keyedField(label: string, table: RawBuilder<unknown>, key: string): SearchField {
  return {
    label,
    type: 'text',
    operators: [...textOperators, ...nullOperators],
    expression: sql`t.value`,
    within: (condition) =>
      sql`exists (select 1 from ${table} t where t.run_key = r.key and t.key = ${key} and ${condition})`,
  };
}

function datasetField(comparison: Comparison): SearchField {
  const { key } = comparison.path;
  const expression = datasetColumns[key];
  if (!expression)
    throw refusal(comparison, `Invalid dataset key '${key}'. Valid keys are ${Object.keys(datasetColumns).join(', ')}`);
  return {
    label: `dataset ${key}`,
    type: 'text',
    operators: [...textOperators, ...listOperators],
    expression,
    within: (condition) =>
      sql`exists (select 1 from run_dataset_inputs i join run_datasets d on d.id = i.dataset_id
                   where i.run_key = r.key and ${condition})`,
  };
}

function attributeField(comparison: Comparison): SearchField {
  const { key } = comparison.path;
  const number = numberAttributes[key];
  if (number) return { label: `attribute ${key}`, type: 'number', operators: numberOperators, expression: number };
  const text = textAttributes[key];
  if (text) {
    const operators = key === 'run_id' ? [...textOperators, ...listOperators] : textOperators;
    return { label: `attribute ${key}`, type: 'text', operators, expression: text };
  }
  throw refusal(comparison, `Invalid attribute key '${key}' specified. Valid keys are ${attributeNames()}`);
}

function attributeNames(): string {
  return [...Object.keys(numberAttributes), ...Object.keys(textAttributes)].join(', ');
}

/** Missing values last in both directions, NaN before them; ties by newest start, then id. */
function sorting({ order, orderMetricsBy, metricIds }: RunPageQuery): { joins: RawBuilder<unknown>; keys: SortKey[] } {
  const column = metricColumns[orderMetricsBy];
  const joins: RawBuilder<unknown>[] = [];
  const keys: SortKey[] = [];
  for (const [index, { path, isAscending }] of order.entries()) {
    const alias = sql.raw(`s${index}`);
    const { entity, key } = path;
    if (METRIC.has(entity ?? '')) {
      joins.push(
        sql`left join latest_metrics ${alias} on ${alias}.run_key = r.key and ${alias}.metric_id = ${metricIds.get(key) ?? NO_METRIC}`,
      );
      keys.push(
        {
          expression: sql`case when ${alias}.${column} is null then 2 when ${alias}.${column} = ${-Infinity} then 1 else 0 end`,
          isAscending: true,
        },
        {
          expression: sql`case when ${alias}.${column} > ${-Infinity} then ${alias}.${column} else 0 end`,
          isAscending,
        },
      );
    } else if (PARAM.has(entity ?? '') || TAG.has(entity ?? '')) {
      const table = PARAM.has(entity ?? '') ? sql`run_params` : sql`run_tags`;
      joins.push(sql`left join ${table} ${alias} on ${alias}.run_key = r.key and ${alias}.key = ${key}`);
      keys.push(...nullsLast(sql`${alias}.value`, sql`''`, isAscending));
    } else if (ATTRIBUTE.has(entity)) keys.push(...attributeKeys(key, isAscending));
    else throw invalid(`Invalid entity type '${entity}' in order_by`, { field: 'order_by' });
  }
  keys.push({ expression: sql`r.start_time`, isAscending: false }, { expression: sql`r.id`, isAscending: true });
  return { joins: sql.join(joins, sql` `), keys };
}

function attributeKeys(key: string, isAscending: boolean): SortKey[] {
  const number = numberAttributes[key];
  if (number) return nullsLast(number, sql`0`, isAscending);
  const text = textAttributes[key];
  if (!text)
    throw invalid(`Invalid order_by key '${key}' specified. Valid keys are ${attributeNames()}`, { field: 'order_by' });
  return [{ expression: text, isAscending }];
}

function nullsLast(value: RawBuilder<unknown>, standIn: RawBuilder<unknown>, isAscending: boolean): SortKey[] {
  return [
    { expression: sql`case when ${value} is null then 1 else 0 end`, isAscending: true },
    { expression: sql`coalesce(${value}, ${standIn})`, isAscending },
  ];
}
