import type { DatasetColumn, DatasetVersion } from '@capstan/api';
import type { Writer } from '#database';
import type { Cause } from '#kernel/cause';
import { digestOf } from '#kernel/digest';
import { invalid } from '#kernel/errors';
import type { DatasetsDeps } from './deps.ts';
import { cutOut, type Drafted } from './cut.ts';
import { assertAccepted } from './local-files.ts';
import { contentDigest, describeCut, sharedColumns, type Cut } from './model.ts';
import { derivedPlace } from './placement.ts';
import * as store from './store.ts';

export interface DeriveRequest {
  readonly project: string;
  /** Of the new version; its files lie where capstan.yaml says that this dataset does. */
  readonly dataset: string;
  /** Accepted versions; where a key is declared, a row that several have is taken from the first of them. */
  readonly from: string | readonly string[];
  readonly where: Cut;
  readonly cause: Cause;
  readonly signal?: AbortSignal;
}

/** Raised when the same cut would be written otherwise: what was cut before is then not taken for it. */
const RECIPE_VERSION = 2;

/**
 * Cuts a version out of others by event time. The platform cuts, so that nobody has to trust a program not to look ahead.
 * The same cut of the same versions is the same version, byte for byte. Its profile is made when somebody asks for it.
 */
export async function derive(
  deps: DatasetsDeps,
  request: DeriveRequest,
  get: (id: string) => Promise<DatasetVersion>,
): Promise<DatasetVersion> {
  const { project, dataset, where, cause } = request;
  const ids = typeof request.from === 'string' ? [request.from] : request.from;
  const sources = await Promise.all(ids.map(get));
  const [first] = sources;
  if (!first) throw invalid('Name at least one version to cut from', { field: 'from' });
  for (const source of sources) assertUsable(source, project);
  const columns = sharedColumns(sources);
  assertCut(first, columns, where);

  const declared = (await deps.projects.get(project)).declaration.datasets[dataset];
  const place = derivedPlace(declared?.path, dataset);
  const key = (declared?.key ?? []).filter((name) => columns.some((column) => column.name === name));
  const recipe = { version: RECIPE_VERSION, from: ids, where, place, key: ids.length > 1 ? key : [] };
  const recipeDigest = digestOf(recipe);
  const known = await store.findRecipe(deps.database.read, project, dataset, recipeDigest);
  if (known) return known;

  const plan = {
    sources,
    columns,
    where,
    key,
    dataset,
    declaredPath: declared?.path,
    eventTimeColumn: first.eventTimeColumn,
  };
  const drafted = await cutOut(deps, plan, request.signal);
  const how = describeCut(first.eventTimeColumn, where);
  const parents = ids.map((versionId) => ({ versionId, how }));
  return await deps.database.write(async (writer) => {
    const made = await store.findRecipe(writer, project, dataset, recipeDigest);
    return made ?? (await addDerived(deps, writer, { ...drafted, project, dataset, parents, recipeDigest, cause }));
  });
}

function assertUsable(source: DatasetVersion, project: string): void {
  if (source.project !== project) {
    throw invalid(`Version ${source.id} belongs to the project ${source.project}`, { field: 'from' });
  }
  assertAccepted(source);
}

function assertCut(
  first: DatasetVersion,
  columns: readonly DatasetColumn[],
  { eventTimeFrom, eventTimeBefore }: Cut,
): void {
  if (eventTimeFrom === undefined && eventTimeBefore === undefined) return;
  const column = columns.find(({ name }) => name === first.eventTimeColumn);
  if (!column) {
    throw invalid(`Version ${first.number} of ${first.dataset} has no event time to cut by`, {
      field: 'where',
      hint: 'Name the column under event_time in capstan.yaml, apply it, and register the data again.',
    });
  }
  if (eventTimeFrom !== undefined && eventTimeBefore !== undefined && eventTimeFrom >= eventTimeBefore) {
    throw invalid('The cut ends before it begins', { field: 'where.eventTimeBefore' });
  }
}

interface Derived extends Drafted {
  readonly project: string;
  readonly dataset: string;
  readonly parents: DatasetVersion['parents'];
  readonly recipeDigest: string;
  readonly cause: Cause;
}

async function addDerived(deps: DatasetsDeps, writer: Writer, derived: Derived): Promise<DatasetVersion> {
  const { project, dataset, parents, recipeDigest, cause, ...drafted } = derived;
  const now = deps.clock.now();
  const version: DatasetVersion = {
    ...drafted,
    id: deps.ids.next('dv'),
    project,
    dataset,
    number: (await store.lastNumber(writer, project, dataset)) + 1,
    status: 'accepted',
    origin: 'derived',
    digest: contentDigest(drafted.files),
    rows: drafted.files.reduce((total, file) => total + file.rows, 0),
    quarantinedRows: 0,
    sizeBytes: drafted.files.reduce((total, file) => total + file.sizeBytes, 0),
    fileCount: drafted.files.length,
    profile: null,
    createdAt: now,
    checkedAt: now,
    parents,
    report: null,
    quarantine: null,
  };
  await store.insert(writer, version, recipeDigest);
  const { id: versionId, number, digest, rows } = version;
  await deps.events.append(writer, cause, {
    type: 'dataset-version.derived',
    project,
    subject: `dataset-version:${versionId}`,
    payload: { versionId, dataset, number, digest, rows, parents },
  });
  return version;
}
