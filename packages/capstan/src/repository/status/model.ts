// Words of a status: what is not as it was recorded, told as DVC tells it. Pure.
import { DIGEST_BYTES, type FileList } from '../model.ts';

/** `not in cache` where the recorded object is gone, whatever lies in the checkout. */
export type PathState = 'modified' | 'deleted' | 'new' | 'not in cache';

/** Files of a folder that differ, relative to it. */
export interface FolderChanges {
  readonly added: readonly string[];
  readonly modified: readonly string[];
  readonly deleted: readonly string[];
}

export interface ChangedPath {
  /** Relative to the root; the address of an import's source as it is written. */
  readonly path: string;
  readonly state: PathState;
  /** Of a modified folder whose recorded list is at hand. */
  readonly files?: FolderChanges;
}

/** A `.dvc` file, or a stage, of which something is not as recorded. */
export interface ChangedEntry {
  /** The file, or `folder/dvc.yaml:stage`, as DVC addresses it. */
  readonly address: string;
  readonly kind: 'data' | 'stage';
  readonly outputs: readonly ChangedPath[];
  readonly dependencies: readonly ChangedPath[];
  /** What else, in DVC's words: `changed command`, `always changed`, `changed checksum`. */
  readonly reasons: readonly string[];
}

/** How two lists of files differ, both sorted by code points: one pass. */
export function folderChanges(recorded: FileList, now: FileList): FolderChanges {
  const changes = { added: [] as string[], modified: [] as string[], deleted: [] as string[] };
  let [at, old] = [0, 0];
  while (at < now.paths.length || old < recorded.paths.length) {
    const [path, before] = [now.paths[at], recorded.paths[old]];
    if (path !== undefined && path === before) {
      if (!isSameDigest(recorded, old++, now, at++)) changes.modified.push(path);
    } else if (before === undefined || (path !== undefined && isBefore(path, before))) {
      changes.added.push(path ?? '');
      at++;
    } else {
      changes.deleted.push(before);
      old++;
    }
  }
  return changes;
}

function isSameDigest(a: FileList, at: number, b: FileList, index: number): boolean {
  const [first, second] = [at * DIGEST_BYTES, index * DIGEST_BYTES];
  return a.digests.compare(b.digests, second, second + DIGEST_BYTES, first, first + DIGEST_BYTES) === 0;
}

const isBefore = (a: string, b: string): boolean => Buffer.compare(Buffer.from(a), Buffer.from(b)) < 0;
