import { sql, type RawBuilder } from 'kysely';
import {
  nullOperators,
  numberOperators,
  textOperators,
  type Columns,
  type SearchEntity,
  type SearchField,
} from '#database';
import { ARTIFACT_SCHEME } from '../model.ts';

/** No metric has this id, so nothing matches. */
export const NO_METRIC = 0;

export const METRIC = ['metric', 'metrics'];
export const PARAM = ['parameter', 'param', 'params', 'parameters'];
export const TAG = ['tag', 'tags'];
export const ATTRIBUTE = ['attribute', 'attributes', 'attr', 'run'];

export const numberAttributes: Columns = {
  start_time: sql`r.start_time`,
  end_time: sql`r.end_time`,
  created: sql`r.start_time`,
  Created: sql`r.start_time`,
};
const nameColumn = sql`r.name`;
export const textAttributes: Columns = {
  run_id: sql`r.id`,
  run_name: nameColumn,
  'run name': nameColumn,
  'Run name': nameColumn,
  'Run Name': nameColumn,
  status: sql`r.status`,
  user_id: sql`r.user_id`,
  artifact_uri: sql`(${sql.lit(ARTIFACT_SCHEME)} || r.artifact_root)`,
};
const datasetColumns: Columns = { name: sql`d.name`, digest: sql`d.digest`, context: sql`i.context` };

/** What a search of runs may compare. A metric name without an id has never been logged. */
export function runEntities(metricIds: ReadonlyMap<string, number>): SearchEntity[] {
  return [
    { names: METRIC, field: (key) => metricField(metricIds.get(key) ?? NO_METRIC) },
    { names: PARAM, field: (key) => keyedField('parameter', sql`run_params`, key) },
    { names: TAG, field: (key) => keyedField('tag', sql`run_tags`, key) },
    {
      names: ATTRIBUTE,
      isDefault: true,
      keys: [...Object.keys(textAttributes), ...Object.keys(numberAttributes)],
      field: attributeField,
    },
    { names: ['dataset', 'datasets'], keys: Object.keys(datasetColumns), field: datasetField },
  ];
}

function metricField(id: number): SearchField {
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

function datasetField(key: string): SearchField | undefined {
  const expression = datasetColumns[key];
  if (!expression) return undefined;
  return {
    label: 'dataset attributes',
    type: 'text',
    operators: textOperators,
    expression,
    within: (condition) =>
      sql`exists (select 1 from run_dataset_inputs i join run_datasets d on d.id = i.dataset_id
                   where i.run_key = r.key and ${condition})`,
  };
}

function attributeField(key: string): SearchField | undefined {
  const number = numberAttributes[key];
  if (number) return { label: `attribute: ${key}`, type: 'number', operators: numberOperators, expression: number };
  const text = textAttributes[key];
  return text && { label: 'attributes', type: 'text', operators: textOperators, expression: text };
}
