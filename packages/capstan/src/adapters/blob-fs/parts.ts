import { randomUUID } from 'node:crypto';
import { mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { invalid } from '#kernel/errors';
import type { Blob, Digest, LentBytes, PartOfUpload } from '#ports/blob-store';
import type { CheckedFiles } from './checked-files.ts';
import type { Layout } from './layout.ts';
import { lendBytes } from './lend-bytes.ts';
import { isErrno, writeFailure } from './storage-errors.ts';
import { assertExpected, copyBlob, receive } from './write-blob.ts';

const UPLOAD = /^[A-Za-z0-9_-]{16,100}$/;
const LARGEST_NUMBER = 100_000;

/**
 * Keeps one part under its number and digest. It need not survive a power failure: `assemble` checks every byte, so that
 * a part which did not is asked for again.
 */
export async function putPart(
  layout: Layout,
  part: { readonly upload: string; readonly number: number },
  bytes: Readable,
  expected: Partial<Blob>,
): Promise<Blob> {
  const folder = folderOf(layout, part.upload);
  if (!Number.isInteger(part.number) || part.number < 1 || part.number > LARGEST_NUMBER) {
    throw invalid(`${part.number} is no number of a part`, { field: 'part_number' });
  }
  const temporary = join(layout.temporary, randomUUID());
  try {
    await mkdir(folder, { recursive: true });
    const handle = await open(temporary, 'wx', 0o600);
    let blob: Blob;
    try {
      blob = await receive(handle, bytes, expected);
    } finally {
      await handle.close();
    }
    assertExpected(blob, expected);
    await rename(temporary, join(folder, nameOf({ number: part.number, digest: blob.digest })));
    return blob;
  } catch (error) {
    throw writeFailure(error);
  } finally {
    await rm(temporary, { force: true });
  }
}

/** Stores the parts in their order as one blob, reading them through: nothing is held in memory. */
export async function assemble(
  layout: Layout,
  checked: CheckedFiles,
  upload: string,
  parts: readonly PartOfUpload[],
): Promise<Blob> {
  const folder = folderOf(layout, upload);
  let sizeBytes = 0;
  for (const part of parts) {
    const facts = await stat(join(folder, nameOf(part))).catch((error: unknown) => {
      if (isErrno(error, 'ENOENT') || isErrno(error, 'EINVAL')) return undefined;
      throw error;
    });
    if (!facts) {
      throw invalid(`Part ${part.number} is not there with the digest ${part.digest}`, {
        field: 'parts',
        hint: 'Send that part again, and complete the upload with the ETag that it is answered with.',
      });
    }
    sizeBytes += facts.size;
  }
  const sources = parts.map((part) => () => lendPart(join(folder, nameOf(part)), part.digest));
  return await copyBlob(layout, checked, sources, sizeBytes);
}

async function lendPart(file: string, digest: Digest): Promise<LentBytes> {
  const handle = await open(file, 'r');
  try {
    return lendBytes(handle, { digest, sizeBytes: (await handle.stat()).size });
  } catch (error) {
    await handle.close();
    throw error;
  }
}

/** Removes all that is left of an upload; nothing there is no error. */
export async function dropParts(layout: Layout, upload: string): Promise<void> {
  await rm(folderOf(layout, upload), { recursive: true, force: true });
}

export async function* listUploads(layout: Layout, olderThanMs: number): AsyncIterable<string> {
  for (const name of await readdir(layout.uploads)) {
    const facts = await stat(join(layout.uploads, name)).catch(() => undefined);
    if (facts && UPLOAD.test(name) && Date.now() - Math.floor(facts.mtimeMs) >= olderThanMs) yield name;
  }
}

function nameOf({ number, digest }: PartOfUpload): string {
  return `${number}-${digest.replace(/[^0-9a-f]+/g, '')}`.slice(0, 200);
}

function folderOf(layout: Layout, upload: string): string {
  if (!UPLOAD.test(upload)) throw invalid('That is no upload', { field: 'upload_id' });
  return join(layout.uploads, upload);
}
