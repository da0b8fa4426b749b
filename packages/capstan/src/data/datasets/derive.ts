import { createReadStream } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { DatasetColumn, DatasetVersion } from '@capstan/api';
import type { Writer } from '#database';
import type { Cause } from '#kernel/cause';
import { digestOf } from '#kernel/digest';
import { invalid } from '#kernel/errors';
import { quoteName, type DataFile } from '#ports/analytics';
import type { DatasetsDeps } from './deps.ts';
import { assertAccepted, localData } from './local-files.ts';
import { contentDigest, describeCut, formatOf, sharedColumns, type Cut } from './model.ts';
import { derivedPlace } from './placement.ts';
import { instantOf, profileFiles } from './profile.ts';
import * as store from './store.ts';

export interface DeriveRequest {
  readonly project: string;
  /** Of the new version; its one file lies where capstan.yaml says that this dataset does. */
  readonly dataset: string;
  /** Accepted versions; where a key is declared, a row that several have is taken from the first of them. */
  readonly from: string | readonly string[];
  readonly where: Cut;
  readonly cause: Cause;
  readonly signal?: AbortSignal;
}

/** Raised when the same cut would be written otherwise: what was cut before is then not taken for it. */
const RECIPE_VERSION = 1;

/**
 * Cuts a version out of others by event time. The platform cuts, so that nobody has to trust a program not to look ahead.
 * The same cut of the same versions is the same version, byte for byte.
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

  const plan = { sources, columns, where, key, place, eventTimeColumn: first.eventTimeColumn };
  const drafted = await cut(deps, dataset, plan, request.signal);
  const how = describeCut(first.eventTimeColumn, where);
  const parents = ids.map((versionId) => ({ versionId, how }));
  return await deps.database.write(async (writer) => {
    await deps.database.dialect.lockChain(writer);
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

interface Plan {
  readonly sources: readonly DatasetVersion[];
  readonly columns: readonly DatasetColumn[];
  readonly where: Cut;
  readonly key: readonly string[];
  readonly place: string;
  readonly eventTimeColumn: string | null;
}

type Drafted = Pick<DatasetVersion, 'files' | 'columns' | 'eventTimeColumn' | 'eventTime' | 'profile'>;

async function cut(deps: DatasetsDeps, dataset: string, plan: Plan, signal: AbortSignal | undefined): Promise<Drafted> {
  const { place, eventTimeColumn } = plan;
  const format = formatOf([{ path: place }]);
  if (format === 'ndjson') throw invalid('A cut is written as Parquet or CSV', { field: 'dataset' });
  const tables: Record<string, DataFile[]> = {};
  for (const [index, source] of plan.sources.entries()) {
    tables[`s${index}`] = await localData(deps.blobs, source.dataset, source.files);
  }
  await mkdir(deps.temporaryFolder, { recursive: true });
  const path = join(deps.temporaryFolder, `${deps.ids.next('cut')}.${format}`);
  try {
    const { sql, parameters } = cutStatement(plan);
    const rows = await deps.analytics.write({ tables, sql, parameters, ...(signal && { signal }) }, { path, format });
    if (rows === 0)
      throw invalid(`No row lies in the cut (${describeCut(eventTimeColumn, plan.where)})`, { field: 'where' });
    const { digest, sizeBytes } = await deps.blobs.put(createReadStream(path));
    const file: DataFile = { path: await deps.blobs.localFile(digest), format, label: `${dataset}/${place}` };
    const { columns } = await deps.analytics.inspect(file, signal);
    await deps.database.write((writer) => store.rememberFile(writer, { digest, format, sizeBytes, rows, columns }));
    const profiled = await profileFiles(deps.analytics, { files: [file], columns, rows, eventTimeColumn, signal });
    return {
      files: [{ path: place, digest, sizeBytes, rows }],
      columns: [...columns],
      eventTimeColumn,
      eventTime: profiled.eventTime,
      profile: profiled.profile,
    };
  } finally {
    await rm(path, { force: true });
  }
}

/** Rows in full order (event time, then every column), so that equal rows give equal bytes. */
function cutStatement({ sources, columns, where, key, eventTimeColumn }: Plan): {
  sql: string;
  parameters: Record<string, number>;
} {
  const names = columns.map((column) => quoteName(column.name)).join(', ');
  const parameters: Record<string, number> = {};
  const conditions: string[] = [];
  for (const [bound, sign] of [
    ['eventTimeFrom', '>='],
    ['eventTimeBefore', '<'],
  ] as const) {
    const value = where[bound];
    if (value === undefined || eventTimeColumn === null) continue;
    parameters[bound] = value;
    conditions.push(`${instantOf(eventTimeColumn)} ${sign} $${bound}`);
  }
  const filter = conditions.length === 0 ? '' : ` where ${conditions.join(' and ')}`;
  const selects = sources.map((_, index) => `select ${names}, ${index} as capstan_source from s${index}${filter}`);
  const order = [...(eventTimeColumn === null ? [] : [quoteName(eventTimeColumn)]), names].join(', ');
  const isDeduplicated = sources.length > 1 && key.length > 0;
  const once = isDeduplicated
    ? ` qualify row_number() over (partition by ${key.map(quoteName).join(', ')} order by capstan_source, ${names}) = 1`
    : '';
  return { sql: `select ${names} from (${selects.join(' union all ')})${once} order by ${order}`, parameters };
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
  const [file] = drafted.files;
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
    rows: file?.rows ?? 0,
    sizeBytes: file?.sizeBytes ?? 0,
    fileCount: 1,
    createdAt: now,
    checkedAt: now,
    parents,
    report: null,
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
