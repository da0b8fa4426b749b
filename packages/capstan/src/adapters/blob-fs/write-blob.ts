import { createHash, randomUUID } from 'node:crypto';
import { chmod, mkdir, open, rename, rm, utimes, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { invalid } from '#kernel/errors';
import type { Blob, Digest } from '#ports/blob-store';
import type { CheckedFiles } from './checked-files.ts';
import type { Layout } from './layout.ts';
import { isErrno, writeFailure } from './storage-errors.ts';
import { syncDirectory } from './sync-directory.ts';

/** Stores bytes as `BlobStore.put` says: temporary file, check, fsync, rename, fsync of the directory, in this order. */
export async function writeBlob(
  layout: Layout,
  checked: CheckedFiles,
  bytes: Readable | Uint8Array,
  expected: Partial<Blob>,
): Promise<Blob> {
  assertSensible(layout, expected);
  if (bytes instanceof Uint8Array) {
    const blob = { digest: asDigest(createHash('sha256').update(bytes)), sizeBytes: bytes.length };
    assertExpected(blob, expected);
    if (await keepExisting(layout, checked, blob.digest)) return blob;
  }
  const temporary = join(layout.temporary, randomUUID());
  let handle: FileHandle | undefined;
  try {
    handle = await open(temporary, 'wx', 0o600).catch((error: unknown) => {
      throw writeFailure(error);
    });
    const blob = await receive(handle, bytes instanceof Uint8Array ? [bytes] : bytes, expected);
    assertExpected(blob, expected);
    if (!(await keepExisting(layout, checked, blob.digest))) {
      await publish(layout, checked, handle, temporary, blob.digest);
    }
    return blob;
  } finally {
    // Gone already after the rename; otherwise nothing may be kept.
    await handle?.close();
    await rm(temporary, { force: true });
  }
}

async function receive(
  handle: FileHandle,
  pieces: AsyncIterable<Uint8Array | string> | Iterable<Uint8Array>,
  expected: Partial<Blob>,
): Promise<Blob> {
  const hash = createHash('sha256');
  let sizeBytes = 0;
  for await (const given of pieces) {
    const piece = typeof given === 'string' ? Buffer.from(given) : given;
    sizeBytes += piece.length;
    if (expected.sizeBytes !== undefined && sizeBytes > expected.sizeBytes) throw wrongSize(expected.sizeBytes, 'more');
    hash.update(piece);
    await writeAll(handle, piece);
  }
  return { digest: asDigest(hash), sizeBytes };
}

/** One `write` may take only a part, when the disk fills up for instance. */
async function writeAll(handle: FileHandle, piece: Uint8Array): Promise<void> {
  try {
    for (let done = 0; done < piece.length;) {
      done += (await handle.write(piece, done, piece.length - done)).bytesWritten;
    }
  } catch (error) {
    throw writeFailure(error);
  }
}

async function publish(
  layout: Layout,
  checked: CheckedFiles,
  handle: FileHandle,
  temporary: string,
  digest: Digest,
): Promise<void> {
  const { shard, file } = layout.placeOf(digest);
  try {
    await chmod(temporary, 0o444);
    await handle.sync();
    await mkdir(shard, { recursive: true });
    await rename(temporary, file);
    await syncNames(layout, shard);
  } catch (error) {
    throw writeFailure(error);
  }
  await checked.remember(file);
}

/**
 * True when the blob is there, whole and durable, so that the bytes at hand need not be kept. It becomes as young as a
 * new one, so that a sweep of old orphans leaves it to whoever has just stored it. A damaged one does not count.
 */
async function keepExisting(layout: Layout, checked: CheckedFiles, digest: Digest): Promise<boolean> {
  const { shard, file } = layout.placeOf(digest);
  try {
    if (!(await checked.isIntact(file, digest))) return false;
    const now = new Date();
    await utimes(file, now, now);
    await checked.remember(file);
    // Whoever stored it first may be, or have died, between its rename and this.
    await syncNames(layout, shard);
    return true;
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return false;
    throw writeFailure(error);
  }
}

/** Both levels each time: whoever made the shard may not have synced it yet. On an unchanged directory it costs little. */
async function syncNames(layout: Layout, shard: string): Promise<void> {
  await syncDirectory(shard);
  await syncDirectory(layout.blobs);
}

function asDigest(hash: ReturnType<typeof createHash>): Digest {
  return `sha256:${hash.digest('hex')}`;
}

function assertSensible(layout: Layout, expected: Partial<Blob>): void {
  if (expected.digest !== undefined) layout.placeOf(expected.digest, 'expected.digest');
  const { sizeBytes } = expected;
  if (sizeBytes === undefined || (Number.isSafeInteger(sizeBytes) && sizeBytes >= 0)) return;
  throw invalid(`The expected size must be a whole number of bytes, not ${sizeBytes}`, {
    field: 'expected.sizeBytes',
    hint: 'Give the length of the bytes, or leave it out.',
  });
}

function assertExpected(blob: Blob, expected: Partial<Blob>): void {
  if (expected.sizeBytes !== undefined && expected.sizeBytes !== blob.sizeBytes) {
    throw wrongSize(expected.sizeBytes, String(blob.sizeBytes));
  }
  if (expected.digest !== undefined && expected.digest !== blob.digest) {
    throw invalid(`The bytes have the digest ${blob.digest}, not ${expected.digest}; nothing was kept`, {
      field: 'expected.digest',
      hint: 'They were changed or cut on the way: send them again.',
    });
  }
}

function wrongSize(expectedBytes: number, came: string): Error {
  return invalid(`${expectedBytes} bytes were announced and ${came} came; nothing was kept`, {
    field: 'expected.sizeBytes',
    hint: 'Send exactly the announced number of bytes.',
  });
}
