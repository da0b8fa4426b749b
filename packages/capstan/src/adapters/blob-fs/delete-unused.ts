import { mkdir, readdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Digest } from '#ports/blob-store';
import type { CheckedFiles } from './checked-files.ts';
import { digestAt, type Layout } from './layout.ts';
import { isErrno, writeFailure } from './storage-errors.ts';
import { syncDirectory } from './sync-directory.ts';

/**
 * Removes a blob that has not been put for `graceMs`. It is taken out of its place first and judged there: a put before
 * has made it young, and it goes back; a put after finds nothing and writes it anew. So no put, of this process or another,
 * comes to nothing.
 */
export async function deleteUnused(
  layout: Layout,
  checked: CheckedFiles,
  digest: Digest,
  graceMs: number,
): Promise<number | undefined> {
  const { shard, file } = layout.placeOf(digest);
  if (!(await isOld(file, graceMs))) return undefined;
  const condemned = join(layout.condemned, digest.slice('sha256:'.length));
  try {
    await mkdir(layout.condemned, { recursive: true });
    await rename(file, condemned);
    checked.forget(file);
    const facts = await stat(condemned);
    if (!(await isOld(condemned, graceMs))) {
      await rename(condemned, file);
      return undefined;
    }
    await syncDirectory(shard);
    await rm(condemned, { force: true });
    return facts.size;
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return undefined;
    throw writeFailure(error);
  }
}

/** Puts back what a killed process had taken out and not judged. */
export async function putBack(layout: Layout): Promise<void> {
  const names = await readdir(layout.condemned).catch((error: unknown) => {
    if (isErrno(error, 'ENOENT')) return [];
    throw error;
  });
  for (const name of names) {
    const digest = digestAt(name.slice(0, 2), name.slice(2));
    if (digest === undefined) continue;
    const { shard, file } = layout.placeOf(digest);
    await mkdir(shard, { recursive: true });
    await rename(join(layout.condemned, name), file).catch((error: unknown) => {
      if (!isErrno(error, 'ENOENT')) throw error;
    });
    await syncDirectory(shard);
  }
}

async function isOld(file: string, graceMs: number): Promise<boolean> {
  try {
    return Date.now() - Math.floor((await stat(file)).mtimeMs) >= graceMs;
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return false;
    throw error;
  }
}
