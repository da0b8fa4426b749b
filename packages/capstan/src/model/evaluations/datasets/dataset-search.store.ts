import { sql, type RawBuilder } from 'kysely';
import {
  attributeColumnOf,
  conditionOf,
  nullOperators,
  numberOperators,
  pageOf,
  sortedBy,
  sortKeysOf,
  textOperators,
  type Columns,
  type Database,
  type SearchEntity,
  type SearchField,
  type SortKey,
} from '#database';
import type { Filter } from '#kernel/filter/ast';
import type { SortTerm } from '#kernel/filter/parse-order';
import type { EvaluationDataset } from '../model.ts';
import { withTags, type DatasetRow } from './dataset.store.ts';

export interface DatasetPageQuery {
  readonly filter: Filter;
  readonly order: readonly SortTerm[];
  readonly experiments: readonly number[] | undefined;
  readonly limit: number;
  readonly pageToken: string | undefined;
  /** What the page token is good for. */
  readonly question: string;
}

/** What orders a search: none of them is ever null. */
const sortable: Columns = {
  name: sql`d.name`,
  created_time: sql`d.created_at`,
  last_update_time: sql`d.updated_at`,
};
const attributes: Columns = {
  ...sortable,
  created_by: sql`d.created_by`,
  last_updated_by: sql`d.updated_by`,
};
const entities: readonly SearchEntity[] = [
  {
    names: ['attribute', 'attributes', 'attr'],
    isDefault: true,
    keys: Object.keys(attributes),
    field: attributeField,
  },
  { names: ['tag', 'tags'], field: tagField },
];

export async function pageOfDatasets(
  database: Database,
  query: DatasetPageQuery,
): Promise<{ datasets: EvaluationDataset[]; nextPageToken?: string }> {
  const { rows, ...rest } = await pageOf<DatasetRow>(database.read, {
    ...query,
    columns: sql`d.*`,
    from: sql`evaluation_datasets d`,
    conditions: conditionsOf(database, query),
    keys: sortKeys(query.order),
  });
  return { datasets: await withTags(database.read, rows), ...rest };
}

function conditionsOf({ dialect }: Database, { filter, experiments }: DatasetPageQuery): RawBuilder<unknown>[] {
  const condition = conditionOf(dialect, entities, filter);
  if (experiments === undefined) return [condition];
  const isOfThem = dialect.isOneOf(sql`x.experiment_id`, experiments);
  return [
    sql`exists (select 1 from evaluation_dataset_experiments x where x.dataset_id = d.id and ${isOfThem})`,
    condition,
  ];
}

function attributeField(key: string): SearchField | undefined {
  const expression = attributes[key];
  if (!expression) return undefined;
  const label = `attribute: ${key}`;
  return key.endsWith('_time')
    ? { label, type: 'integer', operators: numberOperators, expression }
    : { label, type: 'text', operators: textOperators, expression };
}

function tagField(key: string): SearchField {
  return {
    label: 'tag',
    type: 'text',
    operators: [...textOperators, ...nullOperators],
    expression: sql`t.value`,
    within: (condition) =>
      sql`exists (select 1 from evaluation_dataset_tags t where t.dataset_id = d.id and t.key = ${key} and ${condition})`,
  };
}

/** Newest first unless ordered otherwise; ties by the greatest id. */
function sortKeys(order: readonly SortTerm[]): SortKey[] {
  const asked = order.map((term) =>
    sortedBy(term.path.key, attributeColumnOf(entities, sortable, term), term.isAscending),
  );
  const first = asked.length > 0 ? asked : [sortedBy('created_time', sql`d.created_at`, false)];
  return sortKeysOf(first, [sortedBy('dataset_id', sql`d.id`, false)], 'leave out');
}
