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
  type Reader,
  type SearchField,
  type SortKey,
} from '#database';
import { invalid } from '#kernel/errors';
import type { Comparison } from '#kernel/filter/parse-filter';
import type { SortTerm } from '#kernel/filter/parse-order';
import { readPageToken, writePageToken } from '#kernel/filter/page-token';
import type { ModelRow } from './model.store.ts';
import { PROMPT_TAG } from './model.ts';
import type { VersionRow } from './version.store.ts';

export interface PageQuery {
  readonly comparisons: readonly Comparison[];
  readonly order: readonly SortTerm[];
  readonly limit: number;
  readonly pageToken: string | undefined;
  /** What the page token is good for. */
  readonly question: string;
}

interface Page<Row> {
  readonly rows: readonly Row[];
  readonly nextPageToken?: string;
}

const ATTRIBUTE = new Set([undefined, 'attribute', 'attributes', 'attr']);
const TAG = new Set(['tag', 'tags']);

const modelOrder: Readonly<Record<string, RawBuilder<unknown>>> = {
  name: sql`m.name`,
  timestamp: sql`m.updated_at`,
  last_updated_timestamp: sql`m.updated_at`,
};
const versionOrder: Readonly<Record<string, RawBuilder<unknown>>> = {
  name: sql`m.name`,
  version_number: sql`v.version`,
  creation_timestamp: sql`v.created_at`,
  last_updated_timestamp: sql`v.updated_at`,
};
const versionText: Readonly<Record<string, RawBuilder<unknown>>> = {
  name: sql`m.name`,
  run_id: sql`v.run_id`,
  source_path: sql`v.source`,
};

/** The greatest number that a model has. */
export async function newestOf(reader: Reader, modelId: string): Promise<number | undefined> {
  const { rows } = await sql<{ newest: number | null }>`
    select max(version) as newest from model_versions where model_id = ${modelId}`.execute(reader);
  return rows[0]?.newest ?? undefined;
}

/** By name unless ordered otherwise. */
export async function pageOfModels(database: Database, query: PageQuery): Promise<Page<ModelRow>> {
  const keys = [...sortKeys(query.order, modelOrder), { expression: sql`m.name`, isAscending: true }];
  const areWanted = asksForPrompts(query.comparisons);
  const conditions = query.comparisons
    .filter((comparison) => areWanted || !isAboutPrompts(comparison))
    .map((comparison) => conditionOf(database.dialect, modelField(comparison), comparison));
  if (!areWanted) {
    conditions.push(sql`not exists (select 1 from registered_model_tags p
                                     where p.model_id = m.id and p.key = ${PROMPT_TAG} and p.value = 'true')`);
  }
  return await page<ModelRow>(database, query, keys, conditions, sql`m.*`, sql`registered_models m`);
}

/** Newest changed first unless ordered otherwise; then by name and the greatest number. */
export async function pageOfVersions(database: Database, query: PageQuery): Promise<Page<VersionRow>> {
  const asked = sortKeys(query.order, versionOrder);
  const keys = [
    ...(asked.length > 0 ? asked : [{ expression: sql`v.updated_at`, isAscending: false }]),
    { expression: sql`m.name`, isAscending: true },
    { expression: sql`v.version`, isAscending: false },
  ];
  const areWanted = asksForPrompts(query.comparisons);
  const conditions = query.comparisons
    .filter((comparison) => areWanted || !isAboutPrompts(comparison))
    .map(wholeVersionNumber)
    .map((comparison) => conditionOf(database.dialect, versionField(comparison), comparison));
  if (!areWanted) {
    conditions.push(sql`not exists (select 1 from model_version_tags p
                                     where p.model_id = v.model_id and p.key = ${PROMPT_TAG} and p.value = 'true')`);
  }
  const from = sql`model_versions v join registered_models m on m.id = v.model_id`;
  return await page<VersionRow>(database, query, keys, conditions, sql`v.*, m.name as model`, from);
}

async function page<Row extends object>(
  database: Database,
  query: PageQuery,
  keys: readonly SortKey[],
  conditions: RawBuilder<unknown>[],
  columns: RawBuilder<unknown>,
  from: RawBuilder<unknown>,
): Promise<Page<Row>> {
  if (query.pageToken !== undefined)
    conditions.push(behind(keys, readPageToken(query.pageToken, query.question, keys.length)));
  const { rows } = await sql<Row>`
    select ${columns}, ${sortColumns(keys)} from ${from} where ${allOf(conditions)}
     order by ${orderBy(keys)} limit ${query.limit + 1}`.execute(database.read);
  const found = rows.slice(0, query.limit);
  const last = found.at(-1);
  const isMore = last !== undefined && rows.length > query.limit;
  return {
    rows: found,
    ...(isMore && { nextPageToken: writePageToken(query.question, sortValues(last, keys.length)) }),
  };
}

function modelField(comparison: Comparison): SearchField {
  const { entity, key } = comparison.path;
  if (TAG.has(entity ?? '')) {
    return tagField(
      (condition) =>
        sql`exists (select 1 from registered_model_tags t where t.model_id = m.id and t.key = ${key} and ${condition})`,
    );
  }
  if (ATTRIBUTE.has(entity) && key === 'name') {
    return {
      label: 'attribute name',
      type: 'text',
      operators: [...textOperators, ...listOperators],
      expression: sql`m.name`,
    };
  }
  throw refusal(comparison, `Invalid attribute name: '${key}'. Valid are name and tag.KEY`);
}

function versionField(comparison: Comparison): SearchField {
  const { entity, key } = comparison.path;
  if (TAG.has(entity ?? '')) {
    return tagField(
      (condition) =>
        sql`exists (select 1 from model_version_tags t
                     where t.model_id = v.model_id and t.version = v.version and t.key = ${key} and ${condition})`,
    );
  }
  if (ATTRIBUTE.has(entity)) {
    if (key === 'version_number') {
      return {
        label: 'attribute version_number',
        type: 'number',
        operators: numberOperators,
        expression: sql`v.version`,
      };
    }
    // What has no run is not of this one: there, its run is an empty text.
    const isNegative = comparison.operator === '!=' || comparison.operator === 'NOT IN';
    const text = key === 'run_id' && isNegative ? sql`coalesce(v.run_id, '')` : versionText[key];
    const operators = key === 'source_path' ? textOperators : [...textOperators, ...listOperators];
    if (text) return { label: `attribute ${key}`, type: 'text', operators, expression: text };
  }
  throw refusal(
    comparison,
    `Invalid attribute name: '${key}'. Valid are ${Object.keys(versionText).join(', ')}, version_number and tag.KEY`,
  );
}

/** A version number may be written as a text, and must be whole. */
function wholeVersionNumber(comparison: Comparison): Comparison {
  const { path, value } = comparison;
  if (path.key !== 'version_number' || TAG.has(path.entity ?? '') || !('text' in value)) return comparison;
  if (/^[+-]?\d+$/.test(value.text)) return { ...comparison, value: { kind: 'number', text: value.text } };
  throw refusal(comparison, `Invalid value for numeric attribute 'version_number': ${value.text}`);
}

/**
 * Prompts are registered models too, and are found only by those who ask for them by their tag, as in MLflow; for all
 * others there are none, whatever else they say of that tag.
 */
function asksForPrompts(comparisons: readonly Comparison[]): boolean {
  const asked = comparisons.find(isAboutPrompts);
  if (asked?.value.kind !== 'string') return false;
  const wanted = asked.value.text.toLowerCase();
  return (asked.operator === '=' && wanted === 'true') || (asked.operator === '!=' && wanted === 'false');
}

function isAboutPrompts({ path }: Comparison): boolean {
  return TAG.has(path.entity ?? '') && path.key === PROMPT_TAG;
}

function tagField(within: (condition: RawBuilder<unknown>) => RawBuilder<unknown>): SearchField {
  return {
    label: 'tag',
    type: 'text',
    operators: textOperators,
    expression: sql`t.value`,
    within,
  };
}

function sortKeys(order: readonly SortTerm[], known: Readonly<Record<string, RawBuilder<unknown>>>): SortKey[] {
  return order.map(({ path, isAscending }) => {
    const expression = ATTRIBUTE.has(path.entity) ? known[path.key] : undefined;
    if (expression) return { expression, isAscending };
    throw invalid(`Invalid order by key '${path.key}'. Valid keys are ${Object.keys(known).join(', ')}`, {
      field: 'order_by',
    });
  });
}
