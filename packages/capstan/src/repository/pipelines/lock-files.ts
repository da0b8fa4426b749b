import { appendFileSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { readLock, type Lock, type LockedStage } from '#protocols/dvc';
import { writeWhole } from '../data/git.ts';
import type { StageNode } from './model.ts';

/** The dvc.lock files of a repository: what its stages were made from and made. */
export interface LockFiles {
  /** @throws DomainError INVALID_ARGUMENT naming the place in a file that cannot be read */
  entryOf(node: StageNode): LockedStage | undefined;
  /** Replaces one stage's entry, at once; the others stay, also those that somebody else wrote meanwhile. */
  record(node: StageNode, entry: LockedStage): void;
  /** Relative to the root: those that were changed. */
  readonly written: ReadonlySet<string>;
}

interface Kept {
  readonly lock: Lock;
  readonly version: string;
  /** What the file holds, where this run wrote it. */
  readonly written?: string;
}

/** A write inside of one is there whole or not at all, also when the process is killed. */
const PAGE_BYTES = 4_096;

/** @param order names of all nodes: new entries stand in this order, whichever stage ends first */
export function openLockFiles(root: string, order: readonly string[]): LockFiles {
  const kept = new Map<string, Kept>();
  const written = new Set<string>();
  const places = new Map(order.map((name, index) => [name, index]));
  const added = new Map<string, Map<string, { readonly place: number; readonly entry: LockedStage }>>();

  const current = (node: StageNode): Kept & { readonly file: string } => {
    const file = node.folder === '.' ? 'dvc.lock' : `${node.folder}/dvc.lock`;
    const version = versionOf(join(root, file));
    let known = kept.get(file);
    if (known?.version !== version) {
      known = { lock: readLock(version === '' ? undefined : readFileSync(join(root, file), 'utf8'), file), version };
      kept.set(file, known);
      // What was added by this run and is there is like any other entry now.
      added.delete(file);
    }
    return { file, ...known };
  };

  return {
    written,
    entryOf: (node) => current(node).lock.stages.get(node.stage.name),
    record(node, entry) {
      const { file, lock, written: before } = current(node);
      const { name } = node.stage;
      const own = added.get(file) ?? new Map<string, { place: number; entry: LockedStage }>();
      added.set(file, own);
      let after: Lock;
      if (lock.stages.has(name) && !own.has(name)) after = lock.with(new Map([[name, entry]]));
      else {
        own.set(name, { place: places.get(node.name) ?? 0, entry });
        const later = [...own].filter(([, { place }]) => place >= (places.get(node.name) ?? 0));
        const ordered = later.toSorted(([, a], [, b]) => a.place - b.place);
        // Taken out first, so that those which come behind stand behind.
        const without = lock.with(new Map(ordered.map(([each]) => [each, undefined])));
        after = without.with(new Map(ordered.map(([each, value]) => [each, value.entry])));
      }
      const whole = join(root, file);
      const text = after.text();
      if (before !== undefined && isInOnePage(before, text)) appendFileSync(whole, text.slice(before.length));
      else writeWhole(whole, text);
      kept.set(file, { lock: after, version: versionOf(whole), written: text });
      written.add(file);
    },
  };
}

/**
 * Whether all that is new stands at the end, and in a single page. Then it is appended: a file that replaces another one is
 * written to the disk at once, which takes longer than all else that is recorded of a short stage. Only of a file that this
 * run has made: another one may be a hard link to that of a copy of the checkout.
 */
function isInOnePage(before: string, after: string): boolean {
  if (!after.startsWith(before)) return false;
  const begin = Buffer.byteLength(before);
  const end = begin + Buffer.byteLength(after.slice(before.length));
  return end > begin && Math.floor(begin / PAGE_BYTES) === Math.floor((end - 1) / PAGE_BYTES);
}

/** Changes whenever the file does; empty where there is none. */
function versionOf(path: string): string {
  const stats = statSync(path, { throwIfNoEntry: false, bigint: true });
  return stats ? `${stats.ino} ${stats.size} ${stats.mtimeNs}` : '';
}
