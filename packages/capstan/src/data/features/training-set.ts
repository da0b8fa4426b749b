import { rm } from 'node:fs/promises';
import { createReadStream, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { DatasetVersion, TrainingSet } from '@capstan/api';
import type { Project } from '#design/projects';
import type { Cause } from '#kernel/cause';
import { digestOf } from '#kernel/digest';
import { conflict, invalid } from '#kernel/errors';
import type { DataFile } from '#ports/analytics';
import { ROWS, badRow, AT, rawTables, trainingRows } from './view-sql.ts';
import type { FeaturesContext } from './deps.ts';
import { chooseFeatures, partsOf, versionsOf, type ResolvedView } from './model.ts';
import * as store from './store.ts';
import { defineView, resolveView, saidOfSelect } from './view.ts';

export interface TrainingSetRequest {
  readonly project: string;
  /** `view:feature`, or `view`. */
  readonly features: readonly string[];
  readonly rows: { readonly dataset: string; readonly version?: string; readonly eventTime?: string };
  readonly fullFeatureNames: boolean;
  readonly cause: Cause;
}

/** Raised when the same request would be written otherwise. */
const RECIPE_VERSION = 1;

/**
 * The rows of a dataset version, each with the features that were known at its time. The same of the same versions is the
 * same set, made once.
 * @throws DomainError INVALID_ARGUMENT naming what does not fit; CONFLICT for versions that are not accepted
 */
export async function makeTrainingSet(deps: FeaturesContext, request: TrainingSetRequest): Promise<TrainingSet> {
  const project = await deps.projects.get(request.project);
  const version = await rowsOf(deps, project, request.rows);
  const eventTime = eventTimeOf(version, request.rows.eventTime);
  const names = [...new Set(request.features.map((text) => partsOf(text).view))];
  const views: ResolvedView[] = [];
  for (const name of names) views.push(await resolveView(deps, project, await defineView(deps, project, name)));
  const known = new Map(views.map((view) => [view.name, view.features.map((feature) => feature.name)]));
  const chosen = chooseFeatures(request.features, known, request.fullFeatureNames);
  const columns = version.columns.map((column) => column.name);
  for (const view of views) assertJoins(version, view);
  const twice = chosen.find(({ name }) => columns.includes(name));
  if (twice) {
    throw invalid(`${version.dataset} has a column '${twice.name}' of its own`, {
      field: 'features',
      hint: 'Ask with fullFeatureNames: the feature is then called view__feature.',
    });
  }
  const recipe = {
    recipe: RECIPE_VERSION,
    rows: version.id,
    eventTime,
    chosen,
    views: views.map(({ name, digest, ttlMs, tables }) => ({
      name,
      digest,
      ttlMs: ttlMs ?? null,
      versions: versionsOf(tables),
    })),
  };
  const recipeDigest = digestOf(recipe);
  const before = await store.trainingSetOf(deps.database.read, project.name, recipeDigest);
  if (before) return before;
  for (const view of views) await refuseBadRows(deps, view);
  const features = chosen.map(({ view, feature }) => `${view}:${feature}`);
  const rowsFiles = await deps.datasets.files(version.id);
  const question = {
    tables: { [ROWS]: rowsFiles, ...Object.assign({}, ...views.map((view) => rawTables(view.tables))) } as Record<
      string,
      readonly DataFile[]
    >,
    sql: trainingRows({ eventTime, columns }, views, chosen),
  };
  const path = join(deps.temporaryFolder, `${deps.ids.next('training')}.parquet`);
  mkdirSync(deps.temporaryFolder, { recursive: true });
  try {
    const rows = await saidOfViews(views, () => deps.analytics.write(question, { path, format: 'parquet' }));
    const { columns: made } = await deps.analytics.inspect({ path, format: 'parquet', label: 'training set' });
    const blob = await deps.blobs.put(createReadStream(path));
    const set: TrainingSet = {
      id: deps.ids.next('ts'),
      project: project.name,
      rowsFrom: version.id,
      eventTime,
      features,
      versions: Object.assign({}, ...views.map((view) => versionsOf(view.tables))) as Record<string, string>,
      columns: made.map(({ name, type }) => ({ name, type })),
      rows,
      sizeBytes: blob.sizeBytes,
      digest: blob.digest,
      createdAt: deps.clock.now(),
    };
    return await keep(deps, set, recipeDigest, request.cause);
  } finally {
    await rm(path, { force: true });
  }
}

function keep(deps: FeaturesContext, set: TrainingSet, recipeDigest: string, cause: Cause): Promise<TrainingSet> {
  return deps.database.write(async (writer) => {
    const made = await store.trainingSetOf(writer, set.project, recipeDigest);
    if (made) return made;
    await store.addTrainingSet(writer, set, recipeDigest);
    const { id, rowsFrom, features, versions, rows, digest } = set;
    await deps.events.append(writer, cause, {
      type: 'training-set.made',
      project: set.project,
      subject: `training-set:${id}`,
      payload: { trainingSet: id, rowsFrom, features, versions, rows, digest },
    });
    return set;
  });
}

async function rowsOf(
  deps: FeaturesContext,
  project: Project,
  { dataset, version: id }: TrainingSetRequest['rows'],
): Promise<DatasetVersion> {
  const version = id === undefined ? await deps.datasets.latest(project.name, dataset) : await deps.datasets.get(id);
  if (!version) {
    throw conflict(`${dataset} has no accepted version`, {
      field: 'rows.dataset',
      hint: `Register one with: capstan datasets register ${project.name} ${dataset}.`,
    });
  }
  if (version.project === project.name && version.dataset === dataset) return version;
  throw invalid(`Version ${version.id} is one of ${version.dataset} in ${version.project}`, { field: 'rows.version' });
}

function eventTimeOf(version: DatasetVersion, asked: string | undefined): string {
  const name = asked ?? version.eventTimeColumn;
  if (name === null) {
    throw invalid(`${version.dataset} declares no event time`, {
      field: 'rows.eventTime',
      hint: 'Name the column that says when each row happened.',
    });
  }
  const column = version.columns.find((each) => each.name === name);
  if (column?.type === 'timestamp' || column?.type === 'date') return name;
  throw invalid(column ? `${name} is ${column.type}, and no time` : `${version.dataset} has no column '${name}'`, {
    field: 'rows.eventTime',
  });
}

function assertJoins(version: DatasetVersion, view: ResolvedView): void {
  for (const { name, type } of view.entityColumns) {
    const own = version.columns.find((column) => column.name === name);
    if (own && kindOf(own.type) === kindOf(type)) continue;
    throw invalid(
      own
        ? `${name} is ${own.type} in ${version.dataset} and ${type} in ${view.name}`
        : `${version.dataset} has no column '${name}', by which ${view.name} is joined`,
      { field: 'rows.dataset', hint: `Take rows that have ${view.entities.join(' and ')}, or cast in ${view.path}.` },
    );
  }
}

/** Whole and other numbers are compared as numbers. */
const kindOf = (type: string): string => (type === 'integer' ? 'number' : type);

/** @throws DomainError INVALID_ARGUMENT naming a row without entity or time, or the time at which there are two */
export async function refuseBadRows(deps: FeaturesContext, view: ResolvedView): Promise<void> {
  const question = { tables: rawTables(view.tables), sql: badRow(view) };
  const [row] = await saidOfSelect(view, () => deps.analytics.query(question));
  if (!row) return;
  const at = row[AT];
  const entity = view.entities.map((name) => `${name} = ${JSON.stringify(row[name])}`).join(', ');
  const time = typeof at === 'number' ? new Date(at).toISOString() : null;
  const isMissing = time === null || view.entities.some((name) => row[name] === null);
  throw invalid(
    isMissing
      ? `${view.path} gives a row without ${time === null ? view.eventTime : 'entity'} (${entity})`
      : `${view.path} gives ${Number(row['rows'])} rows for ${entity} at ${time}`,
    {
      field: `features.${view.name}.sql`,
      hint: isMissing ? 'Leave such rows out in its select.' : 'Let its select give one row for each entity and time.',
    },
  );
}

async function saidOfViews<Result>(views: readonly ResolvedView[], ask: () => Promise<Result>): Promise<Result> {
  const [first] = views;
  return first ? await saidOfSelect(first, ask) : await ask();
}
