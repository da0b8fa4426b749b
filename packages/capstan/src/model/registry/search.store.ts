import { sql, type RawBuilder } from 'kysely';
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
  textOrEmpty,
  type Columns,
  type Database,
  type Page,
  type Reader,
  type SearchEntity,
  type SearchField,
  type Sorting,
} from '#database';
import { comparisonsOf, type Comparison, type Filter } from '#kernel/filter/ast';
import type { SortTerm } from '#kernel/filter/parse-order';
import type { ModelRow } from './model.store.ts';
import { PROMPT_TAG } from './model.ts';
import type { VersionRow } from './version.store.ts';

interface RegistryQuery {
  readonly filter: Filter;
  readonly order: readonly SortTerm[];
  readonly limit: number;
  readonly pageToken: string | undefined;
  /** What the page token is good for. */
  readonly question: string;
}

const ATTRIBUTE = ['attribute', 'attributes', 'attr'];
const TAG = ['tag', 'tags'];

const modelOrder: Columns = {
  name: sql`m.name`,
  timestamp: sql`m.updated_at`,
  last_updated_timestamp: sql`m.updated_at`,
};
const versionOrder: Columns = {
  name: sql`m.name`,
  version_number: sql`v.version`,
  creation_timestamp: sql`v.created_at`,
  last_updated_timestamp: sql`v.updated_at`,
};
const versionText: Columns = {
  name: sql`m.name`,
  source_path: sql`v.source`,
};

const modelTags = (condition: RawBuilder<unknown>) =>
  sql`exists (select 1 from registered_model_tags t where t.model_id = m.id and ${condition})`;
const versionTags = (condition: RawBuilder<unknown>) =>
  sql`exists (select 1 from model_version_tags t
               where t.model_id = v.model_id and t.version = v.version and ${condition})`;
/** One version that is a prompt makes all of its name prompts. */
const siblingTags = (condition: RawBuilder<unknown>) =>
  sql`exists (select 1 from model_version_tags t where t.model_id = v.model_id and ${condition})`;

const modelEntities: readonly SearchEntity[] = [
  { names: ATTRIBUTE, isDefault: true, keys: ['name'], field: () => textField(sql`m.name`) },
  { names: TAG, field: (key) => tagField(key, modelTags, modelTags) },
];
const versionEntities: readonly SearchEntity[] = [
  {
    names: ATTRIBUTE,
    isDefault: true,
    keys: [...Object.keys(versionText), 'run_id', 'version_number'],
    field: versionField,
  },
  { names: TAG, field: (key) => tagField(key, versionTags, siblingTags) },
];
const versionNumberField: SearchField = {
  label: 'attribute: version_number',
  type: 'integer',
  operators: numberOperators,
  expression: sql`v.version`,
  isLenient: true,
};
function versionField(key: string): SearchField | undefined {
  if (key === 'version_number') return versionNumberField;
  if (key === 'run_id') return textOrEmpty('attributes', sql`v.run_id`);
  const expression = versionText[key];
  return expression && textField(expression);
}

const versionTables = sql`model_versions v join registered_models m on m.id = v.model_id`;

/** The greatest number that a model has. */
export async function newestOf(reader: Reader, modelId: string): Promise<number | undefined> {
  const { rows } = await sql<{ newest: number | null }>`
    select max(version) as newest from model_versions where model_id = ${modelId}`.execute(reader);
  return rows[0]?.newest ?? undefined;
}

/** By name unless ordered otherwise. */
export async function pageOfModels(database: Database, query: RegistryQuery): Promise<Page<ModelRow>> {
  const terms = query.order.map((term): Sorting => {
    const column = attributeColumnOf(modelEntities, modelOrder, term);
    const name = term.path.key === 'timestamp' ? 'last_updated_timestamp' : term.path.key;
    return sortedBy(name, column, term.isAscending);
  });
  return await pageOf<ModelRow>(database.read, {
    ...query,
    columns: sql`m.*`,
    from: sql`registered_models m`,
    conditions: conditionsOf(database, modelEntities, modelTags, query.filter),
    keys: sortKeysOf(terms, [sortedBy('name', sql`m.name`, true)], 'refuse'),
  });
}

export async function countModels(database: Database, filter: Filter): Promise<number> {
  const conditions = conditionsOf(database, modelEntities, modelTags, filter);
  return await countOf(database.read, sql`registered_models m`, conditions);
}

/** Newest changed first unless ordered otherwise; then by name and the greatest number. */
export async function pageOfVersions(database: Database, query: RegistryQuery): Promise<Page<VersionRow>> {
  const terms = query.order.map((term) =>
    sortedBy(term.path.key, attributeColumnOf(versionEntities, versionOrder, term, 'attribute'), term.isAscending),
  );
  const first = terms.length > 0 ? terms : [sortedBy('last_updated_timestamp', sql`v.updated_at`, false)];
  const ties = [sortedBy('name', sql`m.name`, true), sortedBy('version_number', sql`v.version`, false)];
  return await pageOf<VersionRow>(database.read, {
    ...query,
    columns: sql`v.*, m.name as model`,
    from: versionTables,
    conditions: conditionsOf(database, versionEntities, siblingTags, query.filter),
    keys: sortKeysOf(first, ties, 'refuse'),
  });
}

export async function countVersions(database: Database, filter: Filter): Promise<number> {
  return await countOf(database.read, versionTables, conditionsOf(database, versionEntities, siblingTags, filter));
}

/** Prompts are left out unless the filter says something about being one. */
function conditionsOf(
  database: Database,
  entities: readonly SearchEntity[],
  tags: (condition: RawBuilder<unknown>) => RawBuilder<unknown>,
  filter: Filter,
): RawBuilder<unknown>[] {
  const condition = conditionOf(database.dialect, entities, filter);
  const asksForPrompts = comparisonsOf(filter).some(
    ({ path }) => TAG.includes(path.entity ?? '') && path.key === PROMPT_TAG,
  );
  return asksForPrompts ? [condition] : [condition, noPrompt(tags)];
}

function noPrompt(tags: (condition: RawBuilder<unknown>) => RawBuilder<unknown>): RawBuilder<unknown> {
  return sql`not ${tags(sql`t.key = ${PROMPT_TAG} and t.value = 'true'`)}`;
}

function textField(expression: RawBuilder<unknown>): SearchField {
  return { label: 'attributes', type: 'text', operators: textOperators, expression };
}

/** `promptTags` are those that say whether a row is a prompt. */
function tagField(
  key: string,
  tags: (condition: RawBuilder<unknown>) => RawBuilder<unknown>,
  promptTags: (condition: RawBuilder<unknown>) => RawBuilder<unknown>,
): SearchField {
  return {
    label: 'tag',
    type: 'text',
    operators: [...textOperators, ...nullOperators],
    expression: sql`t.value`,
    within: (condition) => tags(sql`t.key = ${key} and ${condition}`),
    ...(key === PROMPT_TAG && {
      decide: (comparison: Comparison) => (meansNoPrompt(comparison) ? noPrompt(promptTags) : undefined),
    }),
  };
}

function meansNoPrompt({ operator, value }: Comparison): boolean {
  if (value.kind !== 'string') return false;
  return (operator === '!=' && value.text === 'true') || (operator === '=' && value.text === 'false');
}
