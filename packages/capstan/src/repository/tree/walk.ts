import { opendirSync, readFileSync, statSync, type Stats } from 'node:fs';
import { join } from 'node:path';
import { invalid } from '#kernel/errors';
import { IGNORE_FILE, type IgnoreRules } from '#protocols/dvc';

/** A letter outside the Basic Multilingual Plane is two UTF-16 units, which sort before some single ones. */
const SURROGATE = /[\ud800-\udfff]/;

const READ_ENTRIES = 1_024;

/** What the file system says of files, in columns. Paths are relative to what was walked, sorted by code points. */
export interface FileColumns {
  readonly paths: readonly string[];
  readonly sizes: ArrayLike<number>;
  /** Milliseconds, with what the file system knows below. */
  readonly mtimes: ArrayLike<number>;
  readonly inodes: ArrayLike<number>;
}

/** Columns that grow as files are found. */
export interface FactCollector {
  add(path: string, stats: Stats): void;
  /** What was added; the last call. */
  columns(): FileColumns;
}

/** Told of one file after the other, in the order of their paths. */
export type Visit = (path: string, stats: Stats) => void;

/**
 * Goes through the files under a folder that are not ignored. Links to files count as the files; links to folders are left
 * out, as DVC leaves them. Blocks: a `stat` takes less time than its promise.
 * @param root absolute
 * @param folder relative to the root, `''` for the root
 * @param rules those of the folder's parents
 * @throws DomainError INVALID_ARGUMENT for a link to nothing, a socket or device, or a .dvcignore inside
 */
export function walkFolder(root: string, folder: string, rules: IgnoreRules, visit: Visit): void {
  walkInto({ whole: join(root, folder), fromRoot: folder, prefix: '' }, rules, visit);
}

interface Place {
  readonly whole: string;
  readonly fromRoot: string;
  /** Before the names of what lies here; empty or ending in `/`. */
  readonly prefix: string;
}

function walkInto(place: Place, rules: IgnoreRules, visit: Visit): void {
  const { keys, links } = sortedEntries(place.whole);
  for (const key of keys) {
    const isFolder = key.endsWith('/');
    const name = isFolder ? key.slice(0, -1) : key;
    const fromRoot = place.fromRoot === '' ? name : `${place.fromRoot}/${name}`;
    if (rules.isIgnored(fromRoot, isFolder)) continue;
    const whole = `${place.whole}/${name}`;
    if (isFolder) {
      walkInto({ whole, fromRoot, prefix: place.prefix + key }, rules, visit);
      continue;
    }
    if (name === IGNORE_FILE) {
      throw invalid(`${fromRoot} lies inside tracked data, where DVC allows none`, {
        field: fromRoot,
        hint: 'Move it to a folder above the data.',
      });
    }
    const stats = statOf(whole, fromRoot, links.has(name));
    if (stats) visit(place.prefix + name, stats);
  }
}

/** Names in the order of their whole paths: a folder's name counts with the slash behind it. */
function sortedEntries(folder: string): { keys: string[]; links: ReadonlySet<string> } {
  const keys: string[] = [];
  const links = new Set<string>();
  let isPlain = true;
  // By and by: what Node.js makes of an entry is larger than its name, and a folder may have a million.
  const opened = opendirSync(folder, { bufferSize: READ_ENTRIES });
  try {
    for (let entry = opened.readSync(); entry; entry = opened.readSync()) {
      const { name } = entry;
      keys.push(entry.isDirectory() ? `${name}/` : name);
      if (entry.isSymbolicLink()) links.add(name);
      isPlain &&= !SURROGATE.test(name);
    }
  } finally {
    opened.closeSync();
  }
  // Without an order given, by UTF-16 units: the fastest one, and the same where there are no surrogates.
  if (isPlain) keys.sort();
  else keys.sort(compareByCodePoint);
  return { keys, links };
}

/** UTF-8 bytes have the order of code points. */
function compareByCodePoint(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}

function statOf(whole: string, fromRoot: string, isLink: boolean): Stats | undefined {
  const stats = statSync(whole, { throwIfNoEntry: false });
  if (!stats) {
    // Gone since the folder was read, or a link to nothing.
    if (!isLink) return undefined;
    throw invalid(`${fromRoot} is a link to nothing`, { field: fromRoot, hint: 'Remove it, or ignore it.' });
  }
  if (stats.isFile()) return stats;
  if (stats.isDirectory()) return undefined;
  throw invalid(`${fromRoot} is neither a file nor a folder`, { field: fromRoot, hint: 'Ignore it in .dvcignore.' });
}

/** @param before columns of which the first `count` rows come first */
export function collectFacts(before?: FileColumns, count = 0): FactCollector {
  const paths = before ? before.paths.slice(0, count) : [];
  // Doubles side by side: arrays of numbers take half as much again, and a copy each time they grow.
  const room = before ? before.paths.length + ROOM : FIRST_ROOM;
  const columns = NUMBERS.map((name) => startOf(before?.[name], count, room));
  return {
    add(path, { size, mtimeMs, ino }) {
      const row = paths.push(path) - 1;
      for (const [index, value] of [size, mtimeMs, ino].entries()) {
        let column = columns[index] as Float64Array;
        if (row === column.length) column = columns[index] = startOf(column, row, row * 2);
        column[row] = value;
      }
    },
    columns() {
      const [sizes, mtimes, inodes] = columns.map((column) => column.subarray(0, paths.length));
      return { paths, sizes: sizes ?? [], mtimes: mtimes ?? [], inodes: inodes ?? [] };
    },
  };
}

/** Most of what is hashed is one file. */
const FIRST_ROOM = 16;
const ROOM = 1_024;
const NUMBERS = ['sizes', 'mtimes', 'inodes'] as const;

function startOf(before: ArrayLike<number> | undefined, count: number, room: number): Float64Array {
  const column = new Float64Array(room);
  for (let row = 0; row < count; row++) column[row] = before?.[row] ?? 0;
  return column;
}

/** The rules that hold in a folder: those of every `.dvcignore` from the root down to it, its own included. */
export function rulesFor(root: string, folder: string, rules: IgnoreRules): IgnoreRules {
  let here = rules.inFolder('', ignoreText(root, ''));
  let path = '';
  for (const name of folder === '' ? [] : folder.split('/')) {
    path = path === '' ? name : `${path}/${name}`;
    here = here.inFolder(path, ignoreText(root, path));
  }
  return here;
}

export function ignoreText(root: string, folder: string): string | undefined {
  try {
    return readFileSync(join(root, folder, IGNORE_FILE), 'utf8');
  } catch {
    return undefined;
  }
}
