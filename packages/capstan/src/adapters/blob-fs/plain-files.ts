import { constants } from 'node:fs';
import { lstat, open, type FileHandle } from 'node:fs/promises';
import type { BlobPlace } from './layout.ts';

/** A blob's own file, never one that a link in its place, or in that of its folder, leads to. Throws ELOOP for a link. */
export async function openPlain({ shard, file }: BlobPlace): Promise<FileHandle> {
  await refuseLinks([shard]);
  // Windows has no such flag, and asks for a right that users lack to make links.
  return await open(file, constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0));
}

/** Throws the operating system's ELOOP when one of the paths is a symbolic link, ENOENT when it is not there. */
export async function refuseLinks(paths: readonly string[]): Promise<void> {
  for (const path of paths) {
    if (!(await lstat(path)).isSymbolicLink()) continue;
    throw Object.assign(new Error(`${path} is a symbolic link`), { code: 'ELOOP', path });
  }
}
