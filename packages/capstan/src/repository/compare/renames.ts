// What changed between two states, sorted out: a file that went and came back under another name is one change. Pure.
import type { HashScheme } from '#protocols/dvc';

/** A file, or a folder, whose path ends in `/`. */
export interface DiffEntry {
  /** Relative to the root of the repository. */
  readonly path: string;
  /** Null where nothing is recorded. */
  readonly md5: string | null;
  readonly scheme: HashScheme;
}

export interface Change {
  readonly kind: 'added' | 'deleted' | 'modified' | 'not in cache';
  readonly before?: DiffEntry;
  readonly after?: DiffEntry;
}

/** Each list in the order of the paths. */
export interface DataDiff {
  readonly added: readonly DiffEntry[];
  readonly deleted: readonly DiffEntry[];
  readonly modified: readonly Pair[];
  readonly renamed: readonly Pair[];
  readonly notInCache: readonly DiffEntry[];
}

interface Pair {
  readonly before: DiffEntry;
  readonly after: DiffEntry;
}

/** Content that went from one path and appeared at another was renamed; of several equal ones, in their order. */
export function renamesAmong(changes: readonly Change[]): DataDiff {
  const entries = (kind: Change['kind'], side: 'before' | 'after'): DiffEntry[] =>
    sorted(changes.flatMap((change) => (change.kind === kind && change[side] ? [change[side]] : [])));
  const gone = Map.groupBy(entries('deleted', 'before'), keyOf);
  const renamed: Pair[] = [];
  const added: DiffEntry[] = [];
  for (const after of entries('added', 'after')) {
    const before = after.md5 === null ? undefined : gone.get(keyOf(after))?.shift();
    if (before) renamed.push({ before, after });
    else added.push(after);
  }
  return {
    added,
    deleted: sorted([...gone.values()].flat()),
    modified: changes
      .flatMap(({ kind, before, after }) => (kind === 'modified' && before && after ? [{ before, after }] : []))
      .toSorted((a, b) => byPath(a.before, b.before)),
    renamed: renamed.toSorted((a, b) => byPath(a.before, b.before)),
    notInCache: entries('not in cache', 'before'),
  };
}

function keyOf({ md5, scheme }: DiffEntry): string {
  return `${scheme} ${md5}`;
}

function sorted(entries: readonly DiffEntry[]): DiffEntry[] {
  return entries.toSorted(byPath);
}

/** By code points, which is the order of UTF-8 bytes. */
function byPath(a: DiffEntry, b: DiffEntry): number {
  return a.path === b.path ? 0 : Buffer.compare(Buffer.from(a.path), Buffer.from(b.path));
}
