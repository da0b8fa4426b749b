import { open, type FileHandle } from 'node:fs/promises';
import type { DatasetColumn, DatasetDeclaration, DatasetFile, DatasetVersion } from '@capstan/api';
import type { Writer } from '#database';
import type { Project } from '#design/projects';
import type { Cause } from '#kernel/cause';
import { conflict, invalid } from '#kernel/errors';
import { nearest } from '#kernel/nearest';
import type { DataFormat } from '#ports/analytics';
import type { Blob, Digest } from '#ports/blob-store';
import type { DatasetsDeps } from './deps.ts';
import { columnsOfFiles, factsOf } from './file-columns.ts';
import { contentDigest, formatOf, mergeFiles } from './model.ts';
import { assertReached, assertSafePlace } from './placement.ts';
import { requestCheck } from './check.ts';
import * as store from './store.ts';

export type NewFile = {
  /** Below the dataset's folder, with forward slashes: `2013-01.parquet`. */
  readonly path: string;
} & (
  | {
      /** A local path that the caller may read, or what opens the file; the handle is closed here. */
      readonly source: string | (() => Promise<FileHandle>);
    }
  /** A file that the blob store has. */
  | Blob
);

export interface RegisterRequest {
  readonly project: string;
  readonly dataset: string;
  readonly files: readonly NewFile[];
  readonly origin: 'files' | 'predictions';
  /** The version holds these files only, instead of adding them to those of the latest one. */
  readonly replace?: boolean;
  /** A new version also where an accepted one was made of the same content: what it must keep has changed. */
  readonly again?: boolean;
  readonly parents?: readonly { readonly versionId: string; readonly how: string }[];
  readonly cause: Cause;
}

/**
 * Takes files in as the next snapshot of a dataset. Bytes go to the blob store first and every new file is opened, so that
 * nothing is recorded of a file that cannot be read. The same content again is the same version.
 */
export async function registerFiles(deps: DatasetsDeps, request: RegisterRequest): Promise<DatasetVersion> {
  const project = await deps.projects.get(request.project);
  const declared =
    request.origin === 'files'
      ? declaredDataset(project, request.dataset)
      : project.declaration.datasets[request.dataset];
  refuseOddNames(request.files, declared);
  const format = formatOf(request.files);
  const added: DatasetFile[] = [];
  for (const file of request.files) added.push(await takeIn(deps, request.dataset, file, format));

  for (;;) {
    const base = await latestSnapshot(deps.database.read, request);
    const files = mergeFiles(request.replace ? [] : (base?.files ?? []), added);
    formatOf(files);
    const columns = await columnsOfFiles(deps, request.dataset, files);
    const draft = { files, columns, eventTimeColumn: declared?.event_time ?? null, baseId: base?.id };
    const version = await deps.database.write((writer) => addSnapshot(deps, writer, request, draft));
    if (version) return version;
    // Someone else has registered meanwhile: their snapshot is the one to add to.
  }
}

/** @throws DomainError INVALID_ARGUMENT naming the nearest dataset that is declared */
export function declaredDataset(project: Project, dataset: string): DatasetDeclaration {
  const declared = project.declaration.datasets[dataset];
  if (declared) return declared;
  const names = Object.keys(project.declaration.datasets);
  const suggestion = nearest(dataset, names);
  throw invalid(`The project ${project.name} declares no dataset '${dataset}'`, {
    field: 'dataset',
    hint: suggestion
      ? `Did you mean ${suggestion}?`
      : `Declared: ${names.join(', ') || 'none'}. Add it to capstan.yaml.`,
  });
}

function refuseOddNames(files: readonly NewFile[], declared: DatasetDeclaration | undefined): void {
  if (files.length === 0) throw invalid('Give at least one file', { field: 'files' });
  const seen = new Set<string>();
  for (const { path } of files) {
    assertSafePlace(path);
    if (declared) assertReached(declared.path, path);
    if (seen.has(path))
      throw invalid(`Two files would be called ${path}`, { field: 'files', hint: 'Give each a name of its own.' });
    seen.add(path);
  }
}

async function takeIn(deps: DatasetsDeps, dataset: string, file: NewFile, format: DataFormat): Promise<DatasetFile> {
  const { digest, sizeBytes } = await putFile(deps, file);
  const { rows } = await factsOf(deps, `${dataset}/${file.path}`, { digest, sizeBytes }, format);
  return { path: file.path, digest, sizeBytes, rows };
}

async function putFile(deps: DatasetsDeps, file: NewFile): Promise<Blob> {
  if ('digest' in file) return file;
  const { path, source } = file;
  const handle = typeof source === 'string' ? await openSource(path, source) : await source();
  try {
    return await deps.blobs.put(handle.createReadStream({ autoClose: false }));
  } finally {
    await handle.close();
  }
}

async function openSource(path: string, source: string): Promise<FileHandle> {
  try {
    return await open(source, 'r');
  } catch (cause) {
    throw invalid(`The file for ${path} cannot be opened`, { field: path, cause });
  }
}

interface Draft {
  readonly files: DatasetFile[];
  readonly columns: readonly DatasetColumn[];
  readonly eventTimeColumn: string | null;
  /** The snapshot that the files were added to. */
  readonly baseId: string | undefined;
}

/** Undefined when the snapshot is no longer built on the latest one. */
async function addSnapshot(
  deps: DatasetsDeps,
  writer: Writer,
  request: RegisterRequest,
  draft: Draft,
): Promise<DatasetVersion | undefined> {
  const { project, dataset, origin, cause } = request;
  const latest = await latestSnapshot(writer, request);
  if (!request.replace && latest?.id !== draft.baseId) return undefined;
  const digest = contentDigest(draft.files);
  const same = await store.findContent(writer, project, dataset, digest);
  // Content from before the latest snapshot counts as new: it takes the place of what came in between.
  const isWanted = same?.status !== 'accepted' || !request.again;
  if (same && isWanted && same.number >= (latest?.number ?? 0)) {
    return same.status === 'quarantined' ? await requestCheck(deps, writer, same, cause) : same;
  }
  const version: DatasetVersion = {
    id: deps.ids.next('dv'),
    project,
    dataset,
    number: (await store.lastNumber(writer, project, dataset)) + 1,
    status: 'pending',
    origin,
    digest,
    rows: draft.files.reduce((total, file) => total + file.rows, 0),
    quarantinedRows: 0,
    sizeBytes: draft.files.reduce((total, file) => total + file.sizeBytes, 0),
    fileCount: draft.files.length,
    eventTime: null,
    createdAt: deps.clock.now(),
    checkedAt: null,
    files: draft.files,
    columns: [...draft.columns],
    eventTimeColumn: draft.eventTimeColumn,
    parents: [...(request.parents ?? [])],
    profile: null,
    report: null,
    quarantine: null,
  };
  await store.insert(writer, version, null);
  const { id: versionId, number, rows, parents } = version;
  await deps.events.append(writer, cause, {
    type: 'dataset-version.registered',
    project,
    subject: `dataset-version:${versionId}`,
    payload: { versionId, dataset, number, digest, origin, rows, parents },
  });
  return version;
}

function latestSnapshot(reader: Writer, { project, dataset }: RegisterRequest): Promise<DatasetVersion | undefined> {
  return store.newest(reader, project, dataset, ['pending', 'accepted']);
}

/**
 * Registers once more what a version with rows in quarantine was made of, for a check by other expectations.
 * @throws DomainError CONFLICT where a newer snapshot is there
 */
export async function registerAgain(
  deps: DatasetsDeps,
  version: DatasetVersion,
  cause: Cause,
): Promise<DatasetVersion> {
  const { project, dataset, origin, quarantine } = version;
  const latest = await store.newest(deps.database.read, project, dataset, ['pending', 'accepted']);
  if (!quarantine || origin === 'derived' || latest?.id !== version.id) {
    throw conflict(`Version ${version.number} of ${dataset} is not its latest snapshot`, {
      hint: latest ? `Check version ${latest.number} again, or register the files.` : 'Register the files.',
    });
  }
  const files = quarantine.registered.files.map(({ path, digest, sizeBytes }) => ({
    path,
    digest: digest as Digest,
    sizeBytes,
  }));
  const parents = [
    ...version.parents,
    { versionId: version.id, how: 'all that was registered with it, checked again' },
  ];
  return await registerFiles(deps, { project, dataset, origin, files, parents, replace: true, again: true, cause });
}
