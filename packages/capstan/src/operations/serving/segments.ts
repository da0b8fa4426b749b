import {
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
import { groupSync, type GroupSync } from './group-sync.ts';

export interface SealedSegment {
  readonly id: string;
  readonly path: string;
}

/**
 * When records are on disk, where they outlive a machine that loses power: `always` before `append` resolves, at each
 * `interval` when the open file is sealed, or when the system writes them back.
 */
export type LogSync = 'none' | 'interval' | 'always';

/**
 * The prediction log of one process: records are appended to an open file, which is sealed by size, number of rows or age
 * and then shipped. A record is in the operating system's hands before `append` resolves, so it outlives the process,
 * however that ends; see LogSync for when it is on disk.
 */
export interface SegmentLog {
  /** Takes a record as `encodeRecord` gives it. @throws DomainError STORAGE_FULL when it cannot be written; nothing of it stays then, unless its sync failed */
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
  readonly sync: LogSync;
  /** Of a file's data; the system's own unless told. */
  readonly syncFile?: (file: number) => Promise<void>;
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

interface Open {
  readonly id: string;
  readonly file: number;
  readonly disk: GroupSync;
  readonly timer: NodeJS.Timeout;
  bytes: number;
  rows: number;
}

/** Opens the log and seals what an earlier process left open, without the record it may have died in. */
export function openSegmentLog(options: SegmentOptions): SegmentLog {
  const { folder, ids } = options;
  const rejectedFolder = join(folder, 'rejected');
  mkdirSync(rejectedFolder, { recursive: true, mode: 0o700 });
  for (const name of readdirSync(folder)) recover(folder, name);

  let open: Open | undefined;
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
      reject(notLogged(cause));
      return;
    }
    if (options.sync === 'always') open.disk.sync().then(resolve, (cause: unknown) => reject(notLogged(cause)));
    else resolve();
    if (open.bytes >= MAX_BYTES || open.rows >= MAX_ROWS) seal();
  }

  function start(): Open {
    const id = ids.next('sg');
    const file = openSync(join(folder, `open-${id}.log`), 'ax', 0o600);
    const disk = groupSync(file, folder, options.syncFile);
    return { id, file, disk, bytes: 0, rows: 0, timer: setTimeout(seal, options.maxAgeMs) };
  }

  function seal(): void {
    writeWaiting();
    if (!open) return;
    const { id, disk, timer, bytes } = open;
    open = undefined;
    clearTimeout(timer);
    // One that fails is told by the next that is written, where the disk is at fault.
    if (options.sync === 'interval') disk.sync().catch(() => {});
    disk.close();
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

function notLogged(cause: unknown): DomainError {
  return new DomainError('STORAGE_FULL', 'The prediction cannot be logged, so it is not answered', {
    hint: 'Free some space on the data plane; nothing needs a restart.',
    cause,
  });
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
