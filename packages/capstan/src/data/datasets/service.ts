import type { DatasetDiff, DatasetVersion, DatasetVersionStatus, DatasetVersionSummary } from '@capstan/api';
import { glob } from 'node:fs/promises';
import { openInside } from '#design/projects';
import type { StoredFile } from '#http';
import type { Cause } from '#kernel/cause';
import { invalid, notFound } from '#kernel/errors';
import type { ByteRange, Digest, LentBytes } from '#ports/blob-store';
import type { DatasetsDeps } from './deps.ts';
import { requestCheck, settleCheck } from './check.ts';
import { toCroissant } from './croissant.ts';
import { derive, type DeriveRequest } from './derive.ts';
import { diffVersions } from './diff.ts';
import { assertAccepted, localFiles, materialise } from './local-files.ts';
import {
  summaryOf,
  type LocalFile,
  type ProfiledVersion,
  type RowCondition,
  type Settlement,
  type Split,
} from './model.ts';
import { placeOf } from './placement.ts';
import { previewRows, type PreviewRow } from './preview.ts';
import { quarantinedRows, quarantineFile, type QuarantinedRow, type QuarantinePage } from './quarantine.ts';
import { recognise, type FolderHash, type NamedContent, type Recognised } from './recognise.ts';
import { describe, scan } from './scan.ts';
import { splitRows } from './split.ts';
import { declaredDataset, registerAgain, registerFiles, type NewFile, type RegisterRequest } from './register.ts';
import * as store from './store.ts';

const LONGEST_SHOWN = 200;

export interface DatasetSummary {
  readonly name: string;
  /** Null when capstan.yaml no longer declares it. */
  readonly path: string | null;
  readonly versionCount: number;
  readonly newest: DatasetVersion | null;
  readonly accepted: DatasetVersion | null;
}

export interface RegisterFromFolderRequest {
  readonly project: string;
  readonly dataset: string;
  /** Inside the project's folder, absolute or relative to it; absent: all files that the declared path names. */
  readonly files?: readonly string[] | undefined;
  readonly replace: boolean;
  readonly cause: Cause;
}

export interface Datasets {
  /**
   * Takes local files in as the next snapshot: those of the latest accepted or pending version and these, or these alone
   * with `replace`. Its check follows as a job; until then the version is pending.
   * @throws DomainError INVALID_ARGUMENT for files that cannot be read or have no place in the dataset
   */
  registerFiles(request: RegisterRequest): Promise<DatasetVersion>;
  /** The same with files of the project's own folder, and of no other place. */
  registerFromFolder(request: RegisterFromFolderRequest): Promise<DatasetVersion>;
  /**
   * Cuts a version out of accepted ones by event time: files that lie wholly inside as they are, and one more with the
   * rows of the others (CSV where the dataset's path says so). One file where the declared path names one.
   * @throws DomainError CONFLICT for versions that are not accepted; INVALID_ARGUMENT for a cut that is empty or cannot be
   */
  derive(request: DeriveRequest): Promise<DatasetVersion>;
  /** @throws DomainError NOT_FOUND */
  get(versionId: string): Promise<DatasetVersion>;
  /** The same for people: with its profile, which is made now where nobody has asked before. @throws DomainError NOT_FOUND */
  describe(versionId: string): Promise<DatasetVersion>;
  /** The newest snapshot with one of these statuses; cuts are not snapshots. Default: accepted. */
  latest(project: string, dataset: string, ...statuses: DatasetVersionStatus[]): Promise<DatasetVersion | undefined>;
  /** The version of a dataset with this number, cuts included. */
  byNumber(project: string, dataset: string, number: number): Promise<DatasetVersion | undefined>;
  /** Versions, newest first, cuts included. @throws DomainError NOT_FOUND for an unknown project */
  list(query: store.VersionQuery): Promise<DatasetVersionSummary[]>;
  /** Newest snapshots that are in quarantine, of all projects. */
  inQuarantine(): Promise<DatasetVersionSummary[]>;
  /** @throws DomainError NOT_FOUND for an unknown project */
  summaries(project: string): Promise<DatasetSummary[]>;
  /** Local files of an accepted version. @throws DomainError NOT_FOUND, CONFLICT, DATA_LOSS */
  files(versionId: string): Promise<LocalFile[]>;
  /** A file of an accepted version, by its path below the dataset's folder. @throws DomainError NOT_FOUND, CONFLICT */
  file(versionId: string, path: string): Promise<StoredFile>;
  /** @throws DomainError NOT_FOUND, DATA_LOSS where the store no longer has its bytes */
  readFile(file: StoredFile, range?: ByteRange): Promise<LentBytes>;
  /** Local files of a version whatever its status: for its check only, as they are or without the rows put aside. @throws DomainError NOT_FOUND, DATA_LOSS */
  filesToCheck(versionId: string, split?: Split): Promise<LocalFile[]>;
  /** Copies an accepted version into a folder, laid out as below the dataset's own. Returns the paths. @throws as `files` */
  materialise(versionId: string, folder: string): Promise<string[]>;
  /**
   * Reads a version to its end. With a profile for what people registered; logged predictions get theirs when asked for,
   * and of them only files that no version had before are read. @throws DomainError INVALID_ARGUMENT for damaged content
   */
  scan(versionId: string, signal?: AbortSignal): Promise<ProfiledVersion>;
  /** What changed from one version to another of the same project. @throws DomainError NOT_FOUND, INVALID_ARGUMENT */
  diff(before: string, after: string, signal?: AbortSignal): Promise<DatasetDiff>;
  /** Rows as they stand in the files, for people to look at. @throws DomainError NOT_FOUND, INVALID_ARGUMENT, DATA_LOSS */
  preview(
    versionId: string,
    page: { offset: number; limit: number; signal?: AbortSignal },
  ): Promise<{ version: DatasetVersion; rows: PreviewRow[] }>;
  /** Rows that its check put aside. @throws DomainError NOT_FOUND, INVALID_ARGUMENT, DATA_LOSS */
  quarantinedRows(
    versionId: string,
    page: QuarantinePage,
  ): Promise<{ version: DatasetVersion; total: number; rows: QuarantinedRow[] }>;
  /** All of them as one file, csv or parquet. @throws DomainError NOT_FOUND, INVALID_ARGUMENT */
  quarantineFile(versionId: string, format: string): Promise<StoredFile>;
  /** An accepted version as Croissant 1.0 (JSON-LD). @throws DomainError NOT_FOUND, CONFLICT */
  croissant(versionId: string, serverUrl: string): Promise<object>;
  /** See `recognise`. */
  recognise(project: string, wanted: readonly NamedContent[], folderHash: FolderHash): Promise<readonly Recognised[]>;
  /** Versions that were cut or made from this one, newest first, at most 100. */
  derivedFrom(versionId: string): Promise<DatasetVersion[]>;
  /**
   * Asks for another check of a quarantined version, or of all that was registered with one that has rows in quarantine:
   * that gives a new version. @throws DomainError NOT_FOUND, CONFLICT when it was accepted whole
   */
  requestCheck(versionId: string, cause: Cause): Promise<DatasetVersion>;
  /** Parts the rows of a pending version by conditions; its check settles it. @throws DomainError NOT_FOUND, INVALID_ARGUMENT */
  split(
    versionId: string,
    request: { conditions: readonly RowCondition[]; mostRows: number; signal?: AbortSignal | undefined },
  ): ReturnType<typeof splitRows>;
  /** Ends the check of a pending version; called by expectations. */
  settle(settlement: Settlement, cause: Cause): Promise<DatasetVersion>;
}

export function createDatasets(deps: DatasetsDeps): Datasets {
  async function get(id: string): Promise<DatasetVersion> {
    const version = await store.find(deps.database.read, id);
    if (!version) throw notFound('dataset version', id);
    return version;
  }

  return {
    registerFiles: (request) => registerFiles(deps, request),
    registerFromFolder: (request) => registerFromFolder(deps, request),
    derive: (request) => derive(deps, request, get),
    get,
    recognise: (project, wanted, folderHash) => recognise(deps, project, wanted, folderHash),
    latest: (project, dataset, ...statuses) =>
      store.newest(deps.database.read, project, dataset, statuses.length === 0 ? ['accepted'] : statuses),
    async byNumber(project, dataset, number) {
      const [found] = await store.list(deps.database.read, { project, dataset, number, limit: 1 });
      return found && (await store.find(deps.database.read, found.id));
    },
    async list(query) {
      await deps.projects.get(query.project);
      return await store.list(deps.database.read, query);
    },
    inQuarantine: () => store.inQuarantine(deps.database.read),
    summaries: (project) => summaries(deps, project),
    async files(versionId) {
      const version = await get(versionId);
      assertAccepted(version);
      return await localFiles(deps, version);
    },
    async file(versionId, path) {
      const version = await get(versionId);
      assertAccepted(version);
      const found = version.files.find((file) => file.path === path);
      if (!found) throw notFound('file of the version', path.slice(0, LONGEST_SHOWN));
      return { path, digest: found.digest as Digest, sizeBytes: found.sizeBytes };
    },
    readFile: (file, range) => deps.blobs.lend(file.digest, range),
    filesToCheck: async (versionId, split) => localFiles(deps, { ...(await get(versionId)), ...split?.content }),
    materialise: async (versionId, folder) => materialise(deps, await get(versionId), folder),
    describe: async (versionId) => describe(deps, await get(versionId)),
    async diff(beforeId, afterId, signal) {
      const [before, after] = [await describe(deps, await get(beforeId)), await describe(deps, await get(afterId))];
      const declared = (await deps.projects.get(before.project)).declaration.datasets[before.dataset];
      const changes = await diffVersions(deps, { before, after, key: declared?.key ?? [], ...(signal && { signal }) });
      return { before: summaryOf(before), after: summaryOf(after), ...changes };
    },
    async preview(versionId, page) {
      const version = await get(versionId);
      return { version, rows: await previewRows(deps, version, page) };
    },
    async quarantinedRows(versionId, page) {
      const version = await get(versionId);
      return { version, ...(await quarantinedRows(deps, version, page)) };
    },
    quarantineFile: async (versionId, format) => quarantineFile(await get(versionId), format),
    async croissant(versionId, serverUrl) {
      const version = await get(versionId);
      assertAccepted(version);
      const { declaration } = await deps.projects.get(version.project);
      const key = declaration.datasets[version.dataset]?.key ?? [];
      return toCroissant(version, { serverUrl, key, decision: declaration.charter.decision });
    },
    async derivedFrom(versionId) {
      const { project } = await get(versionId);
      return await store.madeFrom(deps.database.read, project, versionId);
    },
    scan: async (versionId, signal) => scan(deps, await get(versionId), signal),
    async requestCheck(versionId, cause) {
      const known = await get(versionId);
      if (known.quarantine) return await registerAgain(deps, known, cause);
      return await deps.database.write(async (writer) => {
        const version = await store.find(writer, versionId);
        if (!version) throw notFound('dataset version', versionId);
        return await requestCheck(deps, writer, version, cause);
      });
    },
    split: async (versionId, request) => splitRows(deps, await get(versionId), request),
    settle: (settlement, cause) => settleCheck(deps, settlement, cause),
  };
}

async function summaries(deps: DatasetsDeps, name: string): Promise<DatasetSummary[]> {
  const project = await deps.projects.get(name);
  const counts = await store.countByDataset(deps.database.read, name);
  const names = [...new Set([...Object.keys(project.declaration.datasets), ...counts.keys()])];
  return await Promise.all(
    names.map(async (dataset) => ({
      name: dataset,
      path: project.declaration.datasets[dataset]?.path ?? null,
      versionCount: counts.get(dataset) ?? 0,
      newest: (await store.newest(deps.database.read, name, dataset, ['pending', 'accepted', 'quarantined'])) ?? null,
      accepted: (await store.newest(deps.database.read, name, dataset, ['accepted'])) ?? null,
    })),
  );
}

async function registerFromFolder(deps: DatasetsDeps, request: RegisterFromFolderRequest): Promise<DatasetVersion> {
  const project = await deps.projects.get(request.project);
  const { path: declaredPath } = declaredDataset(project, request.dataset);
  const wanted = request.files ?? (await filesNamed(project.folder, declaredPath));
  const files: NewFile[] = [];
  for (const wantedPath of wanted) {
    const { handle, path } = await openInside(project.folder, wantedPath);
    await handle.close();
    // Opened again, with the same care, when its turn comes: thousands of files open at once are too many.
    const source = async () => (await openInside(project.folder, wantedPath)).handle;
    files.push({ path: placeOf(declaredPath, path), source });
  }
  return await registerFiles(deps, { ...request, files, origin: 'files' });
}

async function filesNamed(folder: string, declaredPath: string): Promise<string[]> {
  const found: string[] = [];
  for await (const path of glob(declaredPath, { cwd: folder })) found.push(path);
  if (found.length > 0) return found.toSorted();
  throw invalid(`No file of the project's folder is named ${declaredPath}`, {
    field: 'files',
    hint: 'Put the data there, or name files.',
  });
}
