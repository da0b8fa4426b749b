import { mkdir, opendir, readdir, rm, stat, type FileHandle } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { invalid } from '#kernel/errors';
import type { Blob, BlobStore, ByteRange, Digest, LentBytes } from '#ports/blob-store';
import { createCheckedFiles } from './checked-files.ts';
import { deleteUnused, putBack } from './delete-unused.ts';
import { digestAt, isShard, layoutOf, type Layout } from './layout.ts';
import { lendBytes, ownBytes } from './lend-bytes.ts';
import { assemble, dropParts, listUploads, putPart } from './parts.ts';
import { openPlain, refuseLinks } from './plain-files.ts';
import { dataLoss, isErrno, readFailure, writeFailure } from './storage-errors.ts';
import { syncDirectory } from './sync-directory.ts';
import { writeBlob } from './write-blob.ts';

/** An upload writes more often than that; what has stood still for longer belongs to a process that died. */
const TEMPORARY_MAX_AGE_MS = 24 * 3_600_000;

interface BlobFsOptions {
  /** Directory of the store; made when absent. */
  readonly root: string;
}

/**
 * Opens a blob store in a local directory and sweeps what dead processes left in its `tmp/` more than a day ago.
 * @throws DomainError STORAGE_FULL, UNAVAILABLE when the directories cannot be made
 */
export async function createBlobFs(options: BlobFsOptions): Promise<BlobStore> {
  const root = resolve(options.root);
  const layout = layoutOf(root);
  try {
    const firstMade = await mkdir(layout.blobs, { recursive: true });
    await mkdir(layout.temporary, { recursive: true });
    await mkdir(layout.uploads, { recursive: true });
    await syncDirectory(root);
    if (firstMade !== undefined) await syncDirectory(dirname(firstMade));
    await sweepTemporary(layout.temporary);
    await putBack(layout);
  } catch (error) {
    throw writeFailure(error);
  }
  const checked = createCheckedFiles();

  async function statBlob(digest: Digest): Promise<Blob> {
    const { file } = layout.placeOf(digest);
    try {
      return { digest, sizeBytes: (await stat(file)).size };
    } catch (error) {
      throw readFailure(error, digest);
    }
  }

  return {
    put: (bytes, expected = {}) => writeBlob(layout, checked, bytes, expected),
    stat: statBlob,
    async has(digest) {
      const { file } = layout.placeOf(digest);
      return stat(file).then(
        () => true,
        (error: unknown) => {
          if (isErrno(error, 'ENOENT')) return false;
          throw error;
        },
      );
    },
    read: async (digest, range) => ownBytes(await lendBlob(layout, digest, range)),
    lend: (digest, range) => lendBlob(layout, digest, range),
    async localFile(digest) {
      const { file, shard } = layout.placeOf(digest);
      await refuseLinks([shard, file]).catch((error: unknown) => {
        throw readFailure(error, digest);
      });
      const isIntact = await checked.isIntact(file, digest).catch((error: unknown) => {
        throw readFailure(error, digest);
      });
      if (!isIntact) throw dataLoss(digest);
      return file;
    },
    async delete(digest) {
      const { shard, file } = layout.placeOf(digest);
      checked.forget(file);
      try {
        await rm(file, { force: true });
        await syncDirectory(shard);
      } catch (error) {
        if (!isErrno(error, 'ENOENT')) throw writeFailure(error);
      }
    },
    putPart: (part, bytes, expected = {}) => putPart(layout, part, bytes, expected),
    assemble: (upload, parts) => assemble(layout, checked, upload, parts),
    dropParts: (upload) => dropParts(layout, upload),
    listUploads: (olderThanMs) => listUploads(layout, olderThanMs),
    deleteUnused: (digest, graceMs) => deleteUnused(layout, checked, digest, graceMs),
    list: (olderThanMs) => listBlobs(layout, olderThanMs),
  };
}

async function lendBlob(layout: Layout, digest: Digest, range: ByteRange | undefined): Promise<LentBytes> {
  let handle: FileHandle | undefined;
  try {
    handle = await openPlain(layout.placeOf(digest));
    const sizeBytes = (await handle.stat()).size;
    if (range !== undefined) assertInside(range, sizeBytes);
    return lendBytes(handle, { digest, sizeBytes, range });
  } catch (error) {
    await handle?.close();
    throw readFailure(error, digest);
  }
}

function assertInside(range: ByteRange, sizeBytes: number): void {
  const { start, end } = range;
  const isInside = Number.isSafeInteger(start) && Number.isSafeInteger(end) && 0 <= start && start <= end;
  if (isInside && end < sizeBytes) return;
  throw invalid(`Bytes ${start} to ${end} are not inside a blob of ${sizeBytes} bytes`, {
    field: 'range',
    hint: 'Both ends are counted from 0 and included.',
  });
}

async function* listBlobs(layout: Layout, olderThanMs: number): AsyncIterable<Blob> {
  for (const shard of (await readdir(layout.blobs)).filter(isShard)) {
    for await (const entry of await opendir(join(layout.blobs, shard))) {
      const digest = digestAt(shard, entry.name);
      if (digest === undefined) continue;
      const facts = await stat(join(layout.blobs, shard, entry.name)).catch(ignoreAbsent);
      // Files have finer times than Date.now(): without the floor a blob of this very millisecond has a negative age.
      if (facts && Date.now() - Math.floor(facts.mtimeMs) >= olderThanMs) yield { digest, sizeBytes: facts.size };
    }
  }
}

async function sweepTemporary(directory: string): Promise<void> {
  for (const name of await readdir(directory)) {
    const file = join(directory, name);
    const facts = await stat(file).catch(ignoreAbsent);
    if (facts?.isFile() && Date.now() - facts.mtimeMs > TEMPORARY_MAX_AGE_MS) await rm(file, { force: true });
  }
}

/** Another process of this directory may delete between a listing and the look at its entry. */
function ignoreAbsent(error: unknown): undefined {
  if (!isErrno(error, 'ENOENT')) throw error;
}
