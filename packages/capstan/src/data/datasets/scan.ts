import type { DatasetProfile, DatasetVersion } from '@capstan/api';
import { DomainError } from '#kernel/errors';
import type { DatasetsDeps } from './deps.ts';
import { scanFiles } from './file-scans.ts';
import { localFiles } from './local-files.ts';
import { spanOf, type ProfiledVersion } from './model.ts';
import { profileFiles } from './profile.ts';
import * as store from './store.ts';

// A profile reads all rows of a version several times. People who register data want to see it; what the platform makes by
// itself at every turn of a cycle (exports, cuts) gets its profile when somebody looks.

/** Reads a version to its end. @throws DomainError INVALID_ARGUMENT when its content is damaged */
export async function scan(
  deps: DatasetsDeps,
  version: DatasetVersion,
  signal: AbortSignal | undefined,
): Promise<ProfiledVersion> {
  if (version.origin === 'files') return await profile(deps, version, signal);
  const scans = await scanFiles(deps, { ...version, signal });
  return { profile: null, eventTime: spanOf([...scans.values()]) };
}

/** The version with its profile, made and kept when it has none. One that cannot be read has none for ever. */
export async function describe(deps: DatasetsDeps, version: DatasetVersion): Promise<DatasetVersion> {
  if (version.profile || version.status === 'pending') return version;
  const made = await readable(() => profile(deps, version, undefined));
  if (!made) return version;
  await deps.database.write((writer) => store.keepProfile(writer, version.id, made.profile));
  return { ...version, profile: made.profile };
}

async function profile(
  deps: DatasetsDeps,
  version: DatasetVersion,
  signal: AbortSignal | undefined,
): Promise<ProfiledVersion & { readonly profile: DatasetProfile }> {
  const { columns, rows, eventTimeColumn } = version;
  const files = await localFiles(deps, version);
  return await profileFiles(deps.analytics, { files, columns, rows, eventTimeColumn, signal });
}

async function readable<Result>(read: () => Promise<Result>): Promise<Result | undefined> {
  try {
    return await read();
  } catch (error) {
    if (error instanceof DomainError && ['INVALID_ARGUMENT', 'DATA_LOSS'].includes(error.code)) return undefined;
    throw error;
  }
}
