import { randomUUID } from 'node:crypto';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DomainError } from '#kernel/errors';
import type { ParquetReader, ParquetReadOptions, ParquetTable } from '#ports/parquet-reader';
import { limitConcurrency } from './limit-concurrency.ts';
import { startParquetProcess, type ParquetProcess } from './parquet-process.ts';
import { tooLarge, type ParquetColumns } from './read-parquet.ts';

interface ParquetReaderOptions {
  /** Directory of its own for what is being read; emptied by the first read. */
  readonly folder: string;
  /** Real time for one file. Default 10 s. */
  readonly timeoutMs?: number;
  /** Of all values of one file: eight each, a text as many more as it has characters. Default 32 MiB. */
  readonly maxDecodedBytes?: number;
  /** Resident memory of the process, seen on Linux only. Default 1 GiB. */
  readonly maxMemoryBytes?: number;
}

const DEFAULTS = { timeoutMs: 10_000, maxDecodedBytes: 32 * 2 ** 20, maxMemoryBytes: 2 ** 30 } as const;
const ENGINE_BYTES = 256 * 2 ** 20;
/** The process takes about 150 MB: it ends when nobody has sent Parquet for so long. */
const IDLE_MS = 60_000;

/**
 * Reads Parquet in a process of its own, one file after the other: the engine is native code, and what it is given here
 * may be anything. A file that crashes it, hangs it or eats memory takes that process along and is refused.
 */
export function createParquetReader(options: ParquetReaderOptions): ParquetReader {
  const { folder, timeoutMs, maxDecodedBytes, maxMemoryBytes } = { ...DEFAULTS, ...options };
  const takeTurn = limitConcurrency(1);
  let reader: ParquetProcess | undefined;
  let emptied: Promise<unknown> | undefined;
  let idle: NodeJS.Timeout | undefined;
  let isClosed = false;

  async function empty(): Promise<void> {
    await rm(folder, { recursive: true, force: true });
    await mkdir(folder, { recursive: true, mode: 0o700 });
  }

  function running(): ParquetProcess {
    if (reader) return reader;
    const started = startParquetProcess(maxMemoryBytes, () => {
      if (reader === started) reader = undefined;
    });
    reader = started;
    return started;
  }

  async function readNow(
    bytes: Uint8Array,
    { deadline = Infinity, signal }: ParquetReadOptions,
  ): Promise<ParquetTable> {
    signal?.throwIfAborted();
    if (isClosed) throw new DomainError('UNAVAILABLE', 'The server is stopping', { hint: 'Try again in a moment.' });
    const leftMs = deadline - performance.now();
    if (leftMs <= 0) throw tooLate();
    clearTimeout(idle);
    const path = join(folder, `${randomUUID()}.parquet`);
    const over = new AbortController();
    const late =
      leftMs < timeoutMs ? tooLate() : tooLarge(`The Parquet body takes longer than ${timeoutMs} ms to read`);
    const timer = setTimeout(() => over.abort(late), Math.min(leftMs, timeoutMs));
    try {
      await (emptied ??= empty());
      await writeFile(path, bytes, { mode: 0o600 });
      const request = { path, temporaryFolder: folder, memoryBytes: ENGINE_BYTES, maxDecodedBytes };
      return tableOf(await running().read(request, over.signal));
    } catch (error) {
      throw isFull(error)
        ? new DomainError('STORAGE_FULL', 'No space left for the Parquet body', { cause: error })
        : error;
    } finally {
      clearTimeout(timer);
      await rm(path, { force: true });
      idle = setTimeout(() => reader?.kill(), IDLE_MS).unref();
    }
  }

  return {
    read: (bytes, given = {}) => takeTurn(() => readNow(bytes, given)),
    async close() {
      isClosed = true;
      clearTimeout(idle);
      reader?.kill();
      if (emptied) await rm(folder, { recursive: true, force: true });
    },
  };
}

function tableOf({ names, rows, columns }: ParquetColumns): ParquetTable {
  return {
    columns: names,
    rows: Array.from({ length: rows }, (_, row) => columns.map((values) => values[row] ?? null)),
  };
}

function tooLate(): DomainError {
  return new DomainError('DEADLINE_EXCEEDED', 'The deadline of the request passed before its body was read', {
    hint: 'Try again, or allow more time.',
  });
}

function isFull(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOSPC';
}
