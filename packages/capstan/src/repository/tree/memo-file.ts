import {
  closeSync,
  fstatSync,
  mkdirSync,
  openSync,
  readSync,
  renameSync,
  rmSync,
  writeFileSync,
  type Stats,
} from 'node:fs';
import { dirname } from 'node:path';
import { DIGEST_BYTES, type Content } from '../model.ts';
import { collectFacts, type FactCollector, type FileColumns, type Visit } from './walk.ts';

/** What was hashed once, with what the file system said of it then. Lost or damaged, everything is hashed again. */
export interface Memo {
  readonly facts: FileColumns;
  /** MD5 of file `n` at 16 × n. */
  readonly digests: Buffer;
  /** Of the whole, where it is one folder. */
  readonly content: Content | null;
}

const VERSION = 1;
const NUMBER_BYTES = 8;
const PIECE_PATHS = 1 << 14;
const PIECE_BYTES = 1 << 20;
const HEAD_BYTES = 4 << 10;
/** Files on some file systems keep their time only to so many milliseconds: a write after hashing may leave it as it is. */
const TIME_GRAIN_MS = 20;

/**
 * Layout: one line of JSON, the paths in UTF-8 divided by NUL, then sizes, times and inodes as doubles, then digests.
 * A file that changed so late that a later write could not be told by its time is not remembered. Where nothing can be
 * written everything works all the same, and the next command hashes again.
 */
export function writeMemo(path: string, { facts, digests, content }: Memo, hashedAt: number): void {
  const { paths } = facts;
  const count = paths.length;
  const pathBytes = paths.reduce((sum, each) => sum + Buffer.byteLength(each), Math.max(0, count - 1));
  const header = Buffer.from(`${JSON.stringify({ version: VERSION, count, pathBytes, content })}\n`);
  const times = (at: number): number => (at > hashedAt - TIME_GRAIN_MS ? Number.NaN : at);
  // One after the other: of a million files all of them together are a good part of the memory that a command takes.
  const parts = function* (): Generator<Uint8Array> {
    yield header;
    for (let first = 0; first < count; first += PIECE_PATHS) {
      const piece = paths.slice(first, first + PIECE_PATHS).join('\0');
      yield Buffer.from(first + PIECE_PATHS < count ? `${piece}\0` : piece);
    }
    yield* numbers(facts.sizes);
    yield* numbers(facts.mtimes, times);
    yield* numbers(facts.inodes);
    yield digests;
  };
  const temporary = `${path}.${process.pid}.tmp`;
  try {
    mkdirSync(dirname(path), { recursive: true });
    writeParts(temporary, parts());
    renameSync(temporary, path);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error)) throw error;
  }
}

function* numbers(column: ArrayLike<number>, as = (value: number): number => value): Generator<Uint8Array> {
  for (let first = 0; first < column.length; first += PIECE_PATHS) {
    const piece = new Float64Array(Math.min(PIECE_PATHS, column.length - first));
    for (let index = 0; index < piece.length; index++) piece[index] = as(column[first + index] ?? 0);
    yield new Uint8Array(piece.buffer);
  }
}

function writeParts(path: string, parts: Iterable<Uint8Array>): void {
  const file = openSync(path, 'w');
  try {
    for (const part of parts) writeFileSync(file, part);
  } catch (error) {
    rmSync(path, { force: true });
    throw error;
  } finally {
    closeSync(file);
  }
}

export function readMemo(path: string): Memo | undefined {
  try {
    const file = openSync(path, 'r');
    try {
      return decode(file, fstatSync(file).size);
    } finally {
      closeSync(file);
    }
  } catch {
    return undefined;
  }
}

interface Header {
  readonly version: number;
  readonly count: number;
  readonly pathBytes: number;
  readonly content: Content | null;
}

/** Column by column into the memory that it stays in: the whole file beside it would be as much again. */
function decode(file: number, bytes: number): Memo | undefined {
  const head = readAt(file, 0, Math.min(HEAD_BYTES, bytes));
  const end = head.indexOf('\n') + 1;
  const { version, count, pathBytes, content } = JSON.parse(head.toString('utf8', 0, end)) as Header;
  const columnBytes = count * NUMBER_BYTES;
  const isWhole = bytes === end + pathBytes + columnBytes * 3 + count * DIGEST_BYTES;
  if (version !== VERSION || !isWhole) return undefined;
  const paths = count === 0 ? [] : readPaths(file, end, pathBytes);
  let at = end + pathBytes;
  const column = (): Float64Array => {
    const numbers = new Float64Array(count);
    fill(file, at, new Uint8Array(numbers.buffer));
    at += columnBytes;
    return numbers;
  };
  const [sizes, mtimes, inodes] = [column(), column(), column()];
  return { facts: { paths, sizes, mtimes, inodes }, digests: readAt(file, at, count * DIGEST_BYTES), content };
}

function readPaths(file: number, start: number, bytes: number): string[] {
  const paths: string[] = [];
  let left = Buffer.alloc(0);
  for (let at = 0; at < bytes; at += PIECE_BYTES) {
    left = Buffer.concat([left, readAt(file, start + at, Math.min(PIECE_BYTES, bytes - at))]);
    const border = left.lastIndexOf(0);
    if (border < 0) continue;
    for (const path of left.toString('utf8', 0, border).split('\0')) paths.push(path);
    left = left.subarray(border + 1);
  }
  paths.push(left.toString('utf8'));
  return paths;
}

function readAt(file: number, at: number, bytes: number): Buffer {
  const buffer = Buffer.allocUnsafeSlow(bytes);
  fill(file, at, buffer);
  return buffer;
}

function fill(file: number, at: number, target: Uint8Array): void {
  for (let filled = 0; filled < target.length;) {
    const read = readSync(file, target, filled, target.length - filled, at + filled);
    if (read === 0) throw new Error('cut short');
    filled += read;
  }
}

/**
 * Collects what a walk finds, with a memo at hand: as long as all is as it was nothing is kept, since the memo has it.
 * @param walk calls for each file, in order
 * @returns the memo's own columns where nothing changed
 */
export function gather(memo: Memo | undefined, walk: (visit: Visit) => void): FileColumns {
  if (!memo) {
    const facts = collectFacts();
    walk((path, stats) => facts.add(path, stats));
    return facts.columns();
  }
  let same = 0;
  let near = 0;
  let found: FactCollector | undefined;
  walk((path, stats) => {
    if (!found && memo.facts.paths[same] === path && isAsThen(stats, memo.facts, same)) {
      same++;
      return;
    }
    if (!found) near = same;
    found ??= collectFacts(memo.facts, same);
    // The memo's own text of a path that it has: a million of them are there once then, not twice.
    const { paths } = memo.facts;
    while (near < paths.length && isBefore(paths[near] ?? '', path)) near++;
    found.add(paths[near] === path ? (paths[near] ?? path) : path, stats);
  });
  if (found) return found.columns();
  return same === memo.facts.paths.length ? memo.facts : collectFacts(memo.facts, same).columns();
}

function isAsThen({ size, mtimeMs, ino }: Stats, then: FileColumns, at: number): boolean {
  return size === then.sizes[at] && mtimeMs === then.mtimes[at] && ino === then.inodes[at];
}

/**
 * Digests of the files that are as they were: looked up by going through both sorted lists together.
 * @returns the digests with gaps, and which files they are missing for
 */
export function recall(facts: FileColumns, memo: Memo | undefined): { digests: Buffer; unknown: number[] } {
  // Without a gap: times that are not remembered are NaN, which no time equals.
  if (memo && facts === memo.facts) return { digests: memo.digests, unknown: [] };
  const digests = Buffer.alloc(facts.paths.length * DIGEST_BYTES);
  const unknown: number[] = [];
  let at = 0;
  for (const [index, path] of facts.paths.entries()) {
    const found = memo ? placeOf(memo.facts.paths, path, at) : -1;
    if (found < 0 || !memo || !isSame(facts, index, memo.facts, found)) {
      unknown.push(index);
      continue;
    }
    at = found + 1;
    memo.digests.copy(digests, index * DIGEST_BYTES, found * DIGEST_BYTES, (found + 1) * DIGEST_BYTES);
  }
  return { digests, unknown };
}

function isSame(now: FileColumns, index: number, then: FileColumns, at: number): boolean {
  return (
    now.sizes[index] === then.sizes[at] &&
    now.mtimes[index] === then.mtimes[at] &&
    now.inodes[index] === then.inodes[at]
  );
}

/** Mostly the next one; otherwise by halving what is left. */
function placeOf(paths: readonly string[], path: string, from: number): number {
  if (paths[from] === path) return from;
  let [low, high] = [from, paths.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    const here = paths[middle] ?? '';
    if (here === path) return middle;
    if (isBefore(here, path)) low = middle + 1;
    else high = middle;
  }
  return -1;
}

/** In the order of code points, which is that of UTF-8 bytes. */
function isBefore(a: string, b: string): boolean {
  for (let index = 0; index < a.length && index < b.length; index++) {
    if (a.charCodeAt(index) === b.charCodeAt(index)) continue;
    const [x, y] = [a.charCodeAt(index), b.charCodeAt(index)];
    const isSurrogate = (unit: number): boolean => unit >= 0xd800 && unit <= 0xdfff;
    if (isSurrogate(x) !== isSurrogate(y)) return isSurrogate(y);
    return x < y;
  }
  return a.length < b.length;
}
