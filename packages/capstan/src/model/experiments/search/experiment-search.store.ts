import { sql, type RawBuilder, type Selectable } from 'kysely';
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
  type Schema,
  type SearchField,
  type SortKey,
} from '#database';
import { invalid } from '#kernel/errors';
import type { Comparison } from '#kernel/filter/parse-filter';
import type { SortTerm } from '#kernel/filter/parse-order';
import { readPageToken, writePageToken } from '#kernel/filter/page-token';
import { withTags } from '../experiment.store.ts';
import type { Experiment, View } from '../model.ts';

export interface PageQuery {
  readonly comparisons: readonly Comparison[];
  readonly order: readonly SortTerm[];
  readonly view: View;
  readonly limit: number;
  readonly pageToken: string | undefined;
  /** What the page token is good for. */
  readonly question: string;
}

const attributes: Readonly<Record<string, RawBuilder<unknown>>> = {
  name: sql`e.name`,
  experiment_id: sql`e.id`,
  creation_time: sql`e.created_at`,
  last_update_time: sql`e.updated_at`,
};

export async function pageOfExperiments(
  database: Database,
  query: PageQuery,
): Promise<{ experiments: Experiment[]; nextPageToken?: string }> {
  const keys = sortKeys(query.order);
  const conditions = query.comparisons.map((comparison) =>
    conditionOf(database.dialect, fieldOf(comparison), comparison),
  );
  if (query.view !== 'all') conditions.push(sql`e.lifecycle = ${query.view}`);
  if (query.pageToken !== undefined)
    conditions.push(behind(keys, readPageToken(query.pageToken, query.question, keys.length)));
  const { rows } = await sql<Selectable<Schema['experiments']>>`
    select e.*, ${sortColumns(keys)} from experiments e where ${allOf(conditions)}
     order by ${orderBy(keys)} limit ${query.limit + 1}`.execute(database.read);
  const page = rows.slice(0, query.limit);
  const last = page.at(-1);
  return {
    experiments: await withTags(database.read, page),
    ...(last &&
      rows.length > query.limit && { nextPageToken: writePageToken(query.question, sortValues(last, keys.length)) }),
  };
}

function fieldOf(comparison: Comparison): SearchField {
  const { entity, key } = comparison.path;
  if (entity === 'tag' || entity === 'tags') {
    return {
      label: 'tag',
      type: 'text',
      operators: [...textOperators, ...nullOperators],
      expression: sql`t.value`,
      within: (condition) =>
        sql`exists (select 1 from experiment_tags t where t.experiment_id = e.id and t.key = ${key} and ${condition})`,
    };
  }
  if (entity === undefined || entity === 'attribute' || entity === 'attributes' || entity === 'attr') {
    if (key === 'name')
      return { label: 'attribute name', type: 'text', operators: textOperators, expression: sql`e.name` };
    if (key === 'creation_time' || key === 'last_update_time') {
      return {
        label: `attribute ${key}`,
        type: 'number',
        operators: numberOperators,
        expression: attributes[key] ?? sql`0`,
      };
    }
    if (key === 'experiment_id') {
      return {
        label: 'attribute experiment_id',
        type: 'text',
        operators: ['=', '!=', ...listOperators],
        expression: sql`cast(e.id as text)`,
      };
    }
    throw refusal(
      comparison,
      `Invalid attribute key '${key}' specified. Valid keys are ${Object.keys(attributes).join(', ')}`,
    );
  }
  throw refusal(comparison, `Invalid entity type '${entity}'. Valid entity types are attribute, tag`);
}

function sortKeys(order: readonly SortTerm[]): SortKey[] {
  const asked = order.map(({ path, isAscending }): SortKey => {
    const isAttribute = path.entity === undefined || ['attribute', 'attributes', 'attr'].includes(path.entity);
    const expression = isAttribute ? attributes[path.key] : undefined;
    if (!expression) {
      throw invalid(`Invalid order_by key '${path.key}'. Valid keys are ${Object.keys(attributes).join(', ')}`, {
        field: 'order_by',
      });
    }
    return { expression, isAscending };
  });
  const first = asked.length > 0 ? asked : [{ expression: sql`e.created_at`, isAscending: false }];
  return [...first, { expression: sql`e.id`, isAscending: false }];
}
