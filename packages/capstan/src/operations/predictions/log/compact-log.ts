import { createReadStream } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Database } from '#database';
import type { Analytics } from '#ports/analytics';
import type { BlobStore, Digest } from '#ports/blob-store';
import type { Ids } from '#ports/ids';
import { replaceLogFiles, smallFiles, type LogFileRow } from './log.store.ts';

export interface CompactDeps {
  readonly database: Database;
  readonly blobs: Pick<BlobStore, 'localFile' | 'put'>;
  readonly analytics: Pick<Analytics, 'write'>;
  readonly ids: Ids;
}

/** A segment is sealed every second: a day of them would be 86,400 files. */
export const SMALL_FILE_BYTES = 16 * 1024 * 1024;
export const ENOUGH_FILES = 64;
const MOST_FILES = 256;

/** Makes one file of a deployment's oldest small ones, if there are enough; returns how many that were. */
export async function compactLog(deps: CompactDeps, deployment: string, signal?: AbortSignal): Promise<number> {
  const files = await smallFiles(deps.database.read, deployment, SMALL_FILE_BYTES, MOST_FILES);
  if (files.length < ENOUGH_FILES) return 0;
  const merged = await mergeFiles(deps, deployment, files, signal);
  const isReplaced = await deps.database.write((writer) => replaceLogFiles(writer, files, merged));
  if (!isReplaced) return 0;
  // The bytes of the others stay for questions under way, until blobs that nobody names are collected.
  return files.length;
}

async function mergeFiles(
  { blobs, analytics, ids }: CompactDeps,
  deployment: string,
  files: readonly LogFileRow[],
  signal: AbortSignal | undefined,
): Promise<LogFileRow> {
  const folder = await mkdtemp(join(tmpdir(), 'capstan-log-'));
  try {
    const rows = await Promise.all(
      files.map(async ({ digest, name }) => ({
        path: await blobs.localFile(digest as Digest),
        format: 'parquet' as const,
        label: name,
      })),
    );
    const path = join(folder, 'log.parquet');
    const sql = 'select * from rows order by predicted_at, request_id, request_row, role';
    const count = await analytics.write(
      { tables: { rows }, sql, ...(signal && { signal }) },
      { path, format: 'parquet' },
    );
    const { digest, sizeBytes } = await blobs.put(createReadStream(path));
    return {
      deployment,
      name: ids.next('lg'),
      digest,
      size_bytes: sizeBytes,
      rows: count,
      min_at: Math.min(...files.map((file) => file.min_at)),
      max_at: Math.max(...files.map((file) => file.max_at)),
    };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
