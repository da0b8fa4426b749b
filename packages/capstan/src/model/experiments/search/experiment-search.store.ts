import { sql, type RawBuilder, type Selectable } from 'kysely';
import {
  attributeColumnOf,
  conditionOf,
  countOf,
  nullOperators,
  numberOperators,
  pageOf,
  sortedBy,
  sortKeysOf,
  textOperators,
  type Columns,
  type Database,
  type Schema,
  type SearchEntity,
  type SearchField,
  type SortKey,
} from '#database';
import type { Filter } from '#kernel/filter/ast';
import type { SortTerm } from '#kernel/filter/parse-order';
import { withTags } from '../experiment.store.ts';
import type { Experiment, View } from '../model.ts';

interface ExperimentQuery {
  readonly filter: Filter;
  readonly view: View;
}

export interface ExperimentPageQuery extends ExperimentQuery {
  readonly order: readonly SortTerm[];
  readonly limit: number;
  readonly pageToken: string | undefined;
  /** What the page token is good for. */
  readonly question: string;
}

const attributes: Columns = {
  name: sql`e.name`,
  experiment_id: sql`e.id`,
  creation_time: sql`e.created_at`,
  last_update_time: sql`e.updated_at`,
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

export async function pageOfExperiments(
  database: Database,
  query: ExperimentPageQuery,
): Promise<{ experiments: Experiment[]; nextPageToken?: string }> {
  const { rows, ...rest } = await pageOf<Selectable<Schema['experiments']>>(database.read, {
    ...query,
    columns: sql`e.*`,
    from: sql`experiments e`,
    conditions: conditionsOf(database, query),
    keys: sortKeys(query.order),
  });
  return { experiments: await withTags(database.read, rows), ...rest };
}

export async function countExperimentMatches(database: Database, query: ExperimentQuery): Promise<number> {
  return await countOf(database.read, sql`experiments e`, conditionsOf(database, query));
}

function conditionsOf(database: Database, { filter, view }: ExperimentQuery): RawBuilder<unknown>[] {
  const condition = conditionOf(database.dialect, entities, filter);
  return view === 'all' ? [condition] : [sql`e.lifecycle = ${view}`, condition];
}

function attributeField(key: string): SearchField | undefined {
  const expression = attributes[key];
  if (!expression) return undefined;
  if (key === 'name') return { label: 'attributes', type: 'text', operators: textOperators, expression };
  if (key !== 'experiment_id')
    return { label: `attribute: ${key}`, type: 'integer', operators: numberOperators, expression };
  const operators = ['=', '!=', 'IN', 'NOT IN'] as const;
  return { label: 'attribute: experiment_id', type: 'integer', operators, expression, isLenient: true };
}

function tagField(key: string): SearchField {
  return {
    label: 'tag',
    type: 'text',
    operators: [...textOperators, ...nullOperators],
    expression: sql`t.value`,
    within: (condition) =>
      sql`exists (select 1 from experiment_tags t where t.experiment_id = e.id and t.key = ${key} and ${condition})`,
  };
}

/** Newest first, then the smallest id, unless ordered otherwise; ties of an order by the greatest id. */
function sortKeys(order: readonly SortTerm[]): SortKey[] {
  const asked = order.map((term) =>
    sortedBy(term.path.key, attributeColumnOf(entities, attributes, term, 'attribute'), term.isAscending),
  );
  const isAsked = asked.length > 0;
  const first = isAsked ? asked : [sortedBy('creation_time', sql`e.created_at`, false)];
  return sortKeysOf(first, [sortedBy('experiment_id', sql`e.id`, !isAsked)], 'leave out');
}
