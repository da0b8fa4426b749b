import { createHash, randomUUID } from 'node:crypto';
import { chmod, mkdir, open, rename, rm, utimes, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { invalid } from '#kernel/errors';
import type { Blob, Digest, LentBytes } from '#ports/blob-store';
import type { CheckedFiles } from './checked-files.ts';
import type { Layout } from './layout.ts';
import { isErrno, writeFailure } from './storage-errors.ts';
import { syncDirectory } from './sync-directory.ts';

/** Written at once: few calls, and little memory. */
const WRITE_BYTES = 1 << 20;

/** Stores bytes as `BlobStore.put` says. */
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
  const pieces = bytes instanceof Uint8Array ? [bytes] : bytes;
  return await storeFile(layout, checked, expected, (handle) => receive(handle, pieces, expected));
}

/**
 * Makes a blob of what `fill` writes and says it wrote: temporary file, check, fsync, rename, fsync of the directory, in
 * this order.
 */
async function storeFile(
  layout: Layout,
  checked: CheckedFiles,
  expected: Partial<Blob>,
  fill: (handle: FileHandle) => Promise<Blob>,
): Promise<Blob> {
  const temporary = join(layout.temporary, randomUUID());
  let handle: FileHandle | undefined;
  try {
    handle = await open(temporary, 'wx', 0o600).catch((error: unknown) => {
      throw writeFailure(error);
    });
    const blob = await fill(handle);
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

/** Stores bytes that lie elsewhere as one blob, going through each source in turn and letting go of it. */
export async function copyBlob(
  layout: Layout,
  checked: CheckedFiles,
  sources: Iterable<() => Promise<LentBytes>>,
  sizeBytes: number,
): Promise<Blob> {
  return await storeFile(layout, checked, { sizeBytes }, async (handle) => {
    const hash = createHash('sha256');
    let copiedBytes = 0;
    for (const open of sources) {
      for await (const piece of await open()) {
        const writing = writeAll(handle, [piece], piece.length);
        // It is written meanwhile.
        hash.update(piece);
        await writing;
        copiedBytes += piece.length;
      }
    }
    return { digest: asDigest(hash), sizeBytes: copiedBytes };
  });
}

/** Writes the pieces to the file, hashing them. @throws DomainError INVALID_ARGUMENT past the expected size */
export async function receive(
  handle: FileHandle,
  pieces: AsyncIterable<Uint8Array | string> | Iterable<Uint8Array>,
  expected: Partial<Blob>,
): Promise<Blob> {
  const hash = createHash('sha256');
  let sizeBytes = 0;
  // Of bytes that a caller has in memory, it may still have a use.
  const isStream = !Array.isArray(pieces);
  let batch: Uint8Array[] = [];
  let batchBytes = 0;
  // One write is under way while the next pieces come in and are hashed.
  let writing = Promise.resolve();
  const write = async (): Promise<void> => {
    const written = batch;
    const bytes = batchBytes;
    batch = [];
    batchBytes = 0;
    await writeAll(handle, written, bytes);
    if (isStream) written.forEach(release);
  };
  try {
    for await (const given of pieces) {
      const piece = typeof given === 'string' ? Buffer.from(given) : given;
      sizeBytes += piece.length;
      if (expected.sizeBytes !== undefined && sizeBytes > expected.sizeBytes) {
        throw wrongSize(expected.sizeBytes, 'more');
      }
      hash.update(piece);
      batch.push(piece);
      batchBytes += piece.length;
      if (batchBytes < WRITE_BYTES) continue;
      await writing;
      writing = write();
      // Whoever waits for it next hears of it.
      writing.catch(() => {});
    }
  } finally {
    // The file must not be closed under a write.
    await writing;
  }
  await write();
  return { digest: asDigest(hash), sizeBytes };
}

/** One call may take only a part, when the disk fills up for instance. */
async function writeAll(handle: FileHandle, pieces: readonly Uint8Array[], sizeBytes: number): Promise<void> {
  try {
    if (sizeBytes === 0) return;
    const { bytesWritten } = await handle.writev(pieces);
    if (bytesWritten === sizeBytes) return;
    const rest = Buffer.concat(pieces).subarray(bytesWritten);
    for (let done = 0; done < rest.length;) {
      done += (await handle.write(rest, done, rest.length - done)).bytesWritten;
    }
  } catch (error) {
    throw writeFailure(error);
  }
}

/** Smaller ones are left to the collector. */
const RELEASED_BYTES = 1_024;

/**
 * Frees the memory of a piece that is written, when it has it for itself. Left to the garbage collector, which sees small
 * objects and waits, the pieces of one large upload cost more than all other work on them, and 100 MiB.
 */
function release({ buffer, byteLength }: Uint8Array): void {
  if (byteLength < RELEASED_BYTES || byteLength !== buffer.byteLength || !(buffer instanceof ArrayBuffer)) return;
  buffer.transfer(0);
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

/** @throws DomainError INVALID_ARGUMENT */
export function assertExpected(blob: Blob, expected: Partial<Blob>): void {
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
