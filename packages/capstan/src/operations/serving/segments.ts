import {
  closeSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { DomainError } from '#kernel/errors';
import type { Ids } from '#ports/ids';

export interface SealedSegment {
  readonly id: string;
  readonly path: string;
}

/**
 * The prediction log of one process: lines are appended to an open file, which is sealed by size, number of rows or age
 * and then shipped. A line is in the operating system's hands before `append` resolves, so it outlives the process,
 * however that ends; it is on disk as soon as the system writes it back.
 */
export interface SegmentLog {
  /** @throws DomainError STORAGE_FULL when it cannot be written; nothing of it stays then */
  append(line: string, rows: number): Promise<void>;
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
const OPEN = /^open-(.+)\.ndjson$/;
const SEALED = /^(sg_.+)\.ndjson$/;

/** Lines that go out in one call, and what their writers wait for. */
interface Waiting extends PromiseWithResolvers<void> {
  readonly texts: string[];
  rows: number;
}

/** Opens the log and seals what an earlier process left open, without the line it may have died in. */
export function openSegmentLog(options: SegmentOptions): SegmentLog {
  const { folder, ids } = options;
  const rejectedFolder = join(folder, 'rejected');
  mkdirSync(rejectedFolder, { recursive: true, mode: 0o700 });
  for (const name of readdirSync(folder)) recover(folder, name);

  let open: { id: string; file: number; bytes: number; rows: number; timer: NodeJS.Timeout } | undefined;
  let waiting: Waiting | undefined;

  function writeWaiting(): void {
    if (!waiting) return;
    const { texts, rows, resolve, reject } = waiting;
    waiting = undefined;
    try {
      open ??= start();
      const bytes = Buffer.from(texts.length === 1 ? (texts[0] ?? '') : texts.join(''), 'utf8');
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
    const file = openSync(join(folder, `open-${id}.ndjson`), 'ax', 0o600);
    return { id, file, bytes: 0, rows: 0, timer: setTimeout(seal, options.maxAgeMs) };
  }

  function seal(): void {
    writeWaiting();
    if (!open) return;
    const { id, file, timer, bytes } = open;
    open = undefined;
    clearTimeout(timer);
    closeSync(file);
    const path = join(folder, `open-${id}.ndjson`);
    if (bytes === 0) return rmSync(path, { force: true });
    renameSync(path, join(folder, `${id}.ndjson`));
    options.onSealed();
  }

  return {
    append(text, rows) {
      if (!waiting) {
        waiting = { ...Promise.withResolvers<void>(), texts: [], rows: 0 };
        // Once all that follows from what has just happened is done: a batch of answers goes out in one call.
        process.nextTick(writeWaiting);
      }
      waiting.texts.push(text);
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
    reject: ({ id, path }) => renameSync(path, join(rejectedFolder, `${id}.ndjson`)),
    rejectedCount: () => readdirSync(rejectedFolder).length,
    close: seal,
  };
}

function writeWhole(file: number, bytes: Buffer, before: number): void {
  let written = 0;
  try {
    while (written < bytes.length) written += writeSync(file, bytes, written);
  } catch (error) {
    // Half a line must not stand before the next one.
    ftruncateSync(file, before);
    throw error;
  }
}

function recover(folder: string, name: string): void {
  const id = OPEN.exec(name)?.[1];
  if (id === undefined) return;
  const path = join(folder, name);
  const bytes = readFileSync(path);
  const end = bytes.lastIndexOf(0x0a) + 1;
  if (end === 0) return rmSync(path);
  if (end < bytes.length) writeFileSync(path, bytes.subarray(0, end));
  renameSync(path, join(folder, `${id}.ndjson`));
}
