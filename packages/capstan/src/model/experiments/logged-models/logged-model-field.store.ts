import { sql, type RawBuilder } from 'kysely';
import {
  nullOperators,
  numberOperators,
  textOperators,
  textOrEmpty,
  type Columns,
  type SearchEntity,
  type SearchField,
} from '#database';
import { ARTIFACT_SCHEME } from '../model.ts';

/** Without digest: any version of that name. */
export interface DatasetName {
  readonly name: string;
  readonly digest?: string | undefined;
}

export const METRICS = ['metrics', 'metric'];
export const ATTRIBUTES = ['attributes', 'attribute', 'attr'];

export const textAttributes: Columns = {
  name: sql`l.name`,
  model_id: sql`l.id`,
  model_type: sql`l.model_type`,
  // As the Python client calls them.
  status: sql`case l.status when 'LOGGED_MODEL_UPLOAD_FAILED' then 'FAILED' else substr(l.status, 14) end`,
  source_run_id: sql`coalesce(l.source_run_id, '')`,
  artifact_location: sql`(${sql.lit(ARTIFACT_SCHEME)} || l.artifact_root)`,
};
export const numberAttributes: Columns = {
  creation_timestamp: sql`l.created_at`,
  creation_time: sql`l.created_at`,
  creation_timestamp_ms: sql`l.created_at`,
  last_updated_timestamp: sql`l.updated_at`,
  last_updated_time: sql`l.updated_at`,
  last_updated_timestamp_ms: sql`l.updated_at`,
};

/** What a search of logged models may compare: the latest of a metric on any of the datasets, or on any where none is named. */
export function loggedModelEntities(
  metricIds: ReadonlyMap<string, number>,
  datasets: readonly DatasetName[],
): SearchEntity[] {
  return [
    {
      names: ATTRIBUTES,
      isDefault: true,
      keys: [...Object.keys(textAttributes), ...Object.keys(numberAttributes)],
      field: attributeField,
    },
    { names: METRICS, field: (key) => metricField(metricIds.get(key) ?? 0, datasets) },
    { names: ['params', 'param'], field: (key) => keyedField('parameter', sql`logged_model_params`, key) },
    { names: ['tags', 'tag'], field: (key) => keyedField('tag', sql`logged_model_tags`, key) },
  ];
}

/** A metric of the table `metrics` is on one of the datasets. */
export function onAnyOf(metrics: RawBuilder<unknown>, datasets: readonly DatasetName[]): RawBuilder<unknown> {
  const on = datasets.map(({ name, digest }) =>
    digest
      ? sql`(${metrics}.dataset_name = ${name} and ${metrics}.dataset_digest = ${digest})`
      : sql`${metrics}.dataset_name = ${name}`,
  );
  return on.length === 0 ? sql`1 = 1` : sql`(${sql.join(on, sql` or `)})`;
}

/**
 * The latest point of a metric for each model, as MLflow 3.18 and the metrics of runs have it: of the greatest step, then time,
 * then value. Only those count that are on one of the datasets of each list.
 */
export function latestOf(metric: number, lists: readonly (readonly DatasetName[])[]): RawBuilder<unknown> {
  const counts = (point: RawBuilder<unknown>) =>
    sql`${point}.metric_id = ${metric} and ${sql.join(
      lists.map((datasets) => onAnyOf(point, datasets)),
      sql` and `,
    )}`;
  return sql`select o.model_id, o.value from logged_model_metrics o
    where ${counts(sql`o`)} and not exists (
      select 1 from logged_model_metrics n where n.model_id = o.model_id and ${counts(sql`n`)}
         and (n.step, n.logged_at, n.value, n.run_id, n.dataset_name, n.dataset_digest) >
             (o.step, o.logged_at, o.value, o.run_id, o.dataset_name, o.dataset_digest))`;
}

function metricField(id: number, datasets: readonly DatasetName[]): SearchField {
  return {
    label: 'metric',
    type: 'number',
    operators: numberOperators,
    expression: sql`m.value`,
    hasNaN: true,
    within: (condition) =>
      sql`exists (select 1 from (${latestOf(id, [datasets])}) m where m.model_id = l.id and ${condition})`,
  };
}

/** MLflow takes `params.rate = 0.1` here, its own example. */
function keyedField(label: string, table: RawBuilder<unknown>, key: string): SearchField {
  return {
    label,
    type: 'text',
    operators: [...textOperators, ...nullOperators],
    expression: sql`t.value`,
    isLenient: true,
    within: (condition) =>
      sql`exists (select 1 from ${table} t where t.model_id = l.id and t.key = ${key} and ${condition})`,
  };
}

function attributeField(key: string): SearchField | undefined {
  const number = numberAttributes[key];
  if (number) return { label: `attribute: ${key}`, type: 'number', operators: numberOperators, expression: number };
  if (key === 'source_run_id') return textOrEmpty('attributes', sql`l.source_run_id`);
  const expression = textAttributes[key];
  return expression && { label: 'attributes', type: 'text', operators: textOperators, expression, isLenient: true };
}
