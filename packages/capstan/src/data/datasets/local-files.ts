import { constants } from 'node:fs';
import { chmod, copyFile, mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { DatasetFile, DatasetVersion } from '@capstan/api';
import { conflict } from '#kernel/errors';
import type { DataFile } from '#ports/analytics';
import type { BlobStore, Digest } from '#ports/blob-store';
import type { DatasetsDeps } from './deps.ts';
import { formatOf, type LocalFile } from './model.ts';
import * as store from './store.ts';

/** The files of a snapshot as the analytics engine takes them. @throws DomainError DATA_LOSS */
export async function localData(blobs: BlobStore, dataset: string, files: readonly DatasetFile[]): Promise<DataFile[]> {
  const format = formatOf(files);
  const found: DataFile[] = [];
  for (const { path, digest } of files) {
    found.push({ path: await blobs.localFile(digest as Digest), format, label: `${dataset}/${path}` });
  }
  return found;
}

/** The files of a version with what is known of each. @throws DomainError DATA_LOSS */
export async function localFiles(deps: DatasetsDeps, version: DatasetVersion): Promise<LocalFile[]> {
  const data = await localData(deps.blobs, version.dataset, version.files);
  const digests = version.files.map((file) => file.digest);
  const known = await store.fileFacts(deps.database.read, digests, formatOf(version.files));
  const columns = new Map(known.map((facts) => [facts.digest, facts.columns]));
  return version.files.map((file, index) => ({
    ...(data[index] as DataFile),
    place: file.path,
    rows: file.rows,
    columns: columns.get(file.digest) ?? version.columns,
  }));
}

/** @throws DomainError CONFLICT: what has not passed its check is given to nobody */
export function assertAccepted(version: DatasetVersion): void {
  if (version.status === 'accepted') return;
  const failed = version.report?.results.find((result) => !result.passed && result.severity === 'error');
  const reason = failed ? ` (${[failed.rule, failed.column].filter(Boolean).join(' of ')}: ${failed.observed})` : '';
  throw conflict(`Version ${version.number} of ${version.dataset} is ${version.status}${reason}`, {
    hint:
      version.status === 'pending'
        ? 'Its check is under way; try again in a moment.'
        : 'Mend the data and register it again.',
    details: { versionId: version.id, status: version.status },
  });
}

/**
 * Copies the files of an accepted version into a folder. Copies and not links: whoever writes into one of them, e.g. a
 * training program, must not change what the version is. Where the file system can, a copy shares its bytes until then.
 */
export async function materialise(deps: DatasetsDeps, version: DatasetVersion, folder: string): Promise<string[]> {
  assertAccepted(version);
  const written: string[] = [];
  for (const file of await localFiles(deps, version)) {
    const target = join(folder, file.place);
    await mkdir(dirname(target), { recursive: true });
    await copyFile(file.path, target, constants.COPYFILE_FICLONE);
    await chmod(target, 0o644);
    written.push(target);
  }
  return written;
}
