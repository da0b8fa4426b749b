import {
  closeSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  truncateSync,
  writeSync,
} from 'node:fs';
import { basename, join } from 'node:path';
import { DomainError } from '#kernel/errors';
import type { Ids } from '#ports/ids';
import { wholeBytes } from '#ports/prediction-log';

export interface SealedSegment {
  readonly id: string;
  readonly path: string;
}

/**
 * The prediction log of one process: records are appended to an open file, which is sealed by size, number of rows or age
 * and then shipped. A record is in the operating system's hands before `append` resolves, so it outlives the process,
 * however that ends; it is on disk as soon as the system writes it back.
 */
export interface SegmentLog {
  /** Takes a record as `encodeRecord` gives it. @throws DomainError STORAGE_FULL when it cannot be written; nothing of it stays then */
  append(record: Uint8Array, rows: number): Promise<void>;
  /** Seals what is open, if it holds anything. */
  seal(): void;
  /** Oldest first. */
  sealed(): readonly SealedSegment[];
  remove(segment: SealedSegment): void;
  /** Puts aside what the control plane will never take, for a person to look at. */
  reject(segment: SealedSegment): void;
  rejectedCount(): number;
  close(): void;
}

interface SegmentOptions {
  readonly folder: string;
  readonly ids: Ids;
  readonly maxAgeMs: number;
  /** Called when a segment waits to be shipped. */
  readonly onSealed: () => void;
}

const MAX_BYTES = 4 * 1024 * 1024;
const MAX_ROWS = 10_000;
/** Older processes wrote lines of JSON. */
const OPEN = /^open-(.+)(\.log|\.ndjson)$/;
const SEALED = /^(sg_.+)(\.log|\.ndjson)$/;

/** Records that go out in one call, and what their writers wait for. */
interface Waiting extends PromiseWithResolvers<void> {
  readonly records: Uint8Array[];
  rows: number;
}

/** Opens the log and seals what an earlier process left open, without the record it may have died in. */
export function openSegmentLog(options: SegmentOptions): SegmentLog {
  const { folder, ids } = options;
  const rejectedFolder = join(folder, 'rejected');
  mkdirSync(rejectedFolder, { recursive: true, mode: 0o700 });
  for (const name of readdirSync(folder)) recover(folder, name);

  let open: { id: string; file: number; bytes: number; rows: number; timer: NodeJS.Timeout } | undefined;
  let waiting: Waiting | undefined;

  function writeWaiting(): void {
    if (!waiting) return;
    const { records, rows, resolve, reject } = waiting;
    waiting = undefined;
    try {
      open ??= start();
      const [only] = records;
      const bytes = only && records.length === 1 ? only : Buffer.concat(records);
      writeWhole(open.file, bytes, open.bytes);
      open.bytes += bytes.length;
      open.rows += rows;
    } catch (cause) {
      reject(
        new DomainError('STORAGE_FULL', 'The prediction cannot be logged, so it is not answered', {
          hint: 'Free some space on the data plane; nothing needs a restart.',
          cause,
        }),
      );
      return;
    }
    resolve();
    if (open.bytes >= MAX_BYTES || open.rows >= MAX_ROWS) seal();
  }

  function start() {
    const id = ids.next('sg');
    const file = openSync(join(folder, `open-${id}.log`), 'ax', 0o600);
    return { id, file, bytes: 0, rows: 0, timer: setTimeout(seal, options.maxAgeMs) };
  }

  function seal(): void {
    writeWaiting();
    if (!open) return;
    const { id, file, timer, bytes } = open;
    open = undefined;
    clearTimeout(timer);
    closeSync(file);
    const path = join(folder, `open-${id}.log`);
    if (bytes === 0) return rmSync(path, { force: true });
    renameSync(path, join(folder, `${id}.log`));
    options.onSealed();
  }

  return {
    append(record, rows) {
      if (!waiting) {
        waiting = { ...Promise.withResolvers<void>(), records: [], rows: 0 };
        // Once all that follows from what has just happened is done: a batch of answers goes out in one call.
        process.nextTick(writeWaiting);
      }
      waiting.records.push(record);
      waiting.rows += rows;
      return waiting.promise;
    },
    seal,
    sealed() {
      return readdirSync(folder)
        .toSorted()
        .flatMap((name) => {
          const id = SEALED.exec(name)?.[1];
          return id === undefined ? [] : [{ id, path: join(folder, name) }];
        });
    },
    remove: ({ path }) => rmSync(path, { force: true }),
    reject: ({ path }) => renameSync(path, join(rejectedFolder, basename(path))),
    rejectedCount: () => readdirSync(rejectedFolder).length,
    close: seal,
  };
}

function writeWhole(file: number, bytes: Uint8Array, before: number): void {
  let written = 0;
  try {
    while (written < bytes.length) written += writeSync(file, bytes, written);
  } catch (error) {
    // Half a record must not stand before the next one.
    ftruncateSync(file, before);
    throw error;
  }
}

function recover(folder: string, name: string): void {
  const [, id, ending] = OPEN.exec(name) ?? [];
  if (id === undefined) return;
  const path = join(folder, name);
  const end = wholeBytes(readFileSync(path));
  if (end === 0) return rmSync(path);
  truncateSync(path, end);
  renameSync(path, join(folder, `${id}${ending}`));
}
