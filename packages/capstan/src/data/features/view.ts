import type { FeatureViewDeclaration } from '@capstan/api';
import type { Project } from '#design/projects';
import { digestOf } from '#kernel/digest';
import { conflict, DomainError, invalid, messageOf, notFound } from '#kernel/errors';
import { nearest } from '#kernel/nearest';
import type { DataColumn } from '#ports/analytics';
import type { FeaturesContext } from './deps.ts';
import { versionsOf, type ResolvedView, type ViewDefinition, type ViewTable } from './model.ts';
import { rawTables, selectOf } from './view-sql.ts';

/** @throws DomainError NOT_FOUND naming the nearest, INVALID_ARGUMENT where its file cannot be read */
export async function defineView(deps: FeaturesContext, project: Project, name: string): Promise<ViewDefinition> {
  const declared = project.declaration.features[name];
  if (!declared) {
    const near = nearest(name, Object.keys(project.declaration.features));
    throw notFound('feature view', name, near === undefined ? undefined : `Did you mean '${near}'?`);
  }
  return definitionOf(project.name, name, declared, await deps.projects.readText(project.name, declared.sql));
}

function definitionOf(project: string, name: string, declared: FeatureViewDeclaration, text: string): ViewDefinition {
  const { entities, event_time: eventTime, ttl: ttlMs, online: isOnline, description, sql: path } = declared;
  const sql = text.trim().replace(/;$/, '');
  const digest = digestOf({ entities, eventTime, sql });
  return { project, name, entities, eventTime, ttlMs, isOnline, description, path, sql, digest };
}

/**
 * A view with the newest accepted versions of the datasets it reads, or with those given.
 * @throws DomainError CONFLICT where one has no accepted version; INVALID_ARGUMENT where its select does not fit them
 */
export async function resolveView(
  deps: FeaturesContext,
  project: Project,
  definition: ViewDefinition,
  pinned: Readonly<Record<string, string>> = {},
): Promise<ResolvedView> {
  const tables: ViewTable[] = [];
  for (const dataset of datasetsRead(project, definition.sql)) {
    tables.push(await tableOf(deps, project, dataset, pinned[dataset]));
  }
  const columns = await columnsOf(deps, definition, tables);
  const names = columns.map(({ name }) => name);
  for (const needed of [...definition.entities, definition.eventTime]) {
    if (names.includes(needed)) continue;
    throw invalid(`${definition.path} gives no column '${needed}'`, {
      field: `features.${definition.name}`,
      hint: `It gives: ${names.join(', ')}.`,
    });
  }
  const isEntity = new Set(definition.entities);
  const features = columns.filter(({ name }) => !isEntity.has(name) && name !== definition.eventTime);
  if (features.length === 0) {
    throw invalid(`${definition.path} gives no column besides entities and event time`, {
      field: `features.${definition.name}`,
    });
  }
  const entityColumns = definition.entities.flatMap((entity) => columns.filter(({ name }) => name === entity));
  return { ...definition, tables, entityColumns, features };
}

/** So many are remembered; beyond, all are forgotten. */
const MOST_KNOWN = 1_000;

async function columnsOf(
  { analytics, columnsKnown }: FeaturesContext,
  definition: ViewDefinition,
  tables: readonly ViewTable[],
): Promise<readonly DataColumn[]> {
  const key = JSON.stringify([definition.digest, versionsOf(tables)]);
  const known = columnsKnown.get(key);
  if (known) return known;
  const question = { tables: rawTables(tables), sql: selectOf(definition, tables) };
  const columns = await saidOfSelect(definition, () => analytics.columnsOfAnswer(question));
  if (columnsKnown.size >= MOST_KNOWN) columnsKnown.clear();
  columnsKnown.set(key, columns);
  return columns;
}

/** Datasets of the project that the select speaks of: one named in passing does no harm. */
export function datasetsRead({ declaration }: Project, sql: string): string[] {
  const words = new Set(sql.toLowerCase().match(/[\w-]+/g) ?? []);
  return Object.keys(declaration.datasets).filter((name) => words.has(name));
}

async function tableOf(
  deps: FeaturesContext,
  { name: project, declaration }: Project,
  dataset: string,
  pinned: string | undefined,
): Promise<ViewTable> {
  const version = pinned === undefined ? await deps.datasets.latest(project, dataset) : await deps.datasets.get(pinned);
  if (!version) {
    throw conflict(`${dataset} has no accepted version yet`, {
      field: `datasets.${dataset}`,
      hint: `Register one with: capstan datasets register ${project} ${dataset}.`,
    });
  }
  const label = declaration.datasets[dataset]?.label;
  const columns = version.columns.map((column) => column.name);
  return {
    dataset,
    versionId: version.id,
    files: await deps.datasets.files(version.id),
    columns,
    eventTime: version.eventTimeColumn,
    label:
      label && columns.includes(label.column)
        ? { column: label.column, arrivesAfterMs: label.arrives_after }
        : undefined,
  };
}

/** The first line of what the engine says of a select that it cannot understand. */
const SELECT_FAULT =
  /^(?:Failed to extract statements: )?(?:Parser|Binder|Catalog|Syntax|Conversion|Invalid Input) Error: ([^\n]*)/;

/** Runs a question with a view's select in it. @throws DomainError INVALID_ARGUMENT naming its file, where that is at fault */
export async function saidOfSelect<Result>(
  { name, path }: Pick<ViewDefinition, 'name' | 'path'>,
  ask: () => Promise<Result>,
): Promise<Result> {
  try {
    return await ask();
  } catch (error) {
    const reason = error instanceof DomainError ? undefined : SELECT_FAULT.exec(messageOf(error))?.[1];
    if (reason === undefined) throw error;
    throw invalid(`${path} cannot be computed: ${reason}`, {
      field: `features.${name}.sql`,
      hint: 'It is one select over the datasets of the project, each a table of its name.',
      cause: error,
    });
  }
}
