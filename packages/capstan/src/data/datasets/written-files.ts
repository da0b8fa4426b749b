import { createReadStream } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Blob } from '#ports/blob-store';
import type { DatasetsDeps } from './deps.ts';

/** Gives a path that is free, and removes what was written there. */
export async function inTemporaryFile<Result>(
  { temporaryFolder, ids }: Pick<DatasetsDeps, 'temporaryFolder' | 'ids'>,
  format: 'parquet' | 'csv',
  work: (path: string) => Promise<Result>,
): Promise<Result> {
  await mkdir(temporaryFolder, { recursive: true });
  const path = join(temporaryFolder, `${ids.next('cut')}.${format}`);
  try {
    return await work(path);
  } finally {
    await rm(path, { force: true });
  }
}

/** Puts a file that was written here into the blob store. */
export async function keepWritten({ blobs }: Pick<DatasetsDeps, 'blobs'>, path: string): Promise<Blob> {
  const { digest, sizeBytes } = await blobs.put(createReadStream(path));
  return { digest, sizeBytes };
}
