import { renameSync, rmSync, statSync } from 'node:fs';
import { basename, join, posix } from 'node:path';
import { conflict, DomainError, invalid } from '#kernel/errors';
import { openSource, type SourceAccess } from './open-source.ts';
import { filesAt, writeSourceFiles } from './source-files.ts';

export interface GetOptions {
  /** Absolute: a new path, or a folder in which it keeps its name. */
  readonly out?: string;
  readonly revision?: string;
  /** Takes the place of what is there. */
  readonly isForced?: boolean;
  onProgress?(done: number, of: number): void;
}

export interface Got {
  /** Absolute. */
  readonly out: string;
  readonly files: number;
  /** Undefined for the checkout of a repository of this machine. */
  readonly commit?: string;
}

/**
 * Brings a file or folder of another repository here, tracked by nobody.
 * @param path in that repository
 * @throws DomainError as `openSource`, `filesAt` and `writeSourceFiles`; CONFLICT where something is there already
 */
export async function getData(access: SourceAccess, url: string, path: string, options: GetOptions): Promise<Got> {
  const inside = sourcePath(path);
  const out = placeFor(inside, options.out ?? access.cwd, options.isForced === true);
  const source = await openSource(access, url, options.revision, 'checkout');
  try {
    const files = await filesAt(source, inside);
    await writeWhole(out, async (temporary) => {
      await writeSourceFiles(source, files, temporary, options.onProgress);
    });
    const { commit } = source.state;
    return { out, files: files.length, ...(commit !== undefined && { commit }) };
  } finally {
    await source.close();
  }
}

/** @throws DomainError INVALID_ARGUMENT for one that leads out of the repository, or is a file that tracks data */
export function sourcePath(given: string): string {
  const path = posix.normalize(given).replace(/^\.\//, '').replace(/\/$/, '');
  if (path === '..' || path.startsWith('../') || posix.isAbsolute(path)) {
    throw invalid(`'${given}' is no path in the repository`, {
      field: given,
      hint: 'It is relative to the root of the repository.',
    });
  }
  if (path.endsWith('.dvc')) {
    throw invalid(`'${given}' is a file that tracks data`, { field: given, hint: 'Name the data itself.' });
  }
  return path === '.' ? '' : path;
}

/** @throws DomainError CONFLICT where something is there and may not go */
function placeFor(source: string, out: string, isForced: boolean): string {
  const isFolder = statSync(out, { throwIfNoEntry: false })?.isDirectory() === true;
  const place = isFolder ? join(out, basename(source)) : out;
  if (isForced || !statSync(place, { throwIfNoEntry: false })) return place;
  throw conflict(`Something is at ${place} already`, {
    field: place,
    hint: 'Name another place with --out, or take its place with --force.',
  });
}

/** Beside its place first, so that nothing half is ever at it. */
export async function writeWhole(out: string, write: (temporary: string) => Promise<void>): Promise<void> {
  const temporary = `${out}.${process.pid}.tmp`;
  try {
    await write(temporary);
    rmSync(out, { recursive: true, force: true });
    renameSync(temporary, out);
  } catch (error) {
    rmSync(temporary, { recursive: true, force: true });
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') {
      throw new DomainError('NOT_FOUND', `There is no folder for ${out}`, { field: out, cause: error });
    }
    throw error;
  }
}
