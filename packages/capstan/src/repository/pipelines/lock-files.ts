import { readFileSync, statSync } from 'node:fs';
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
}

/** @param order names of all nodes: new entries stand in this order, whichever stage ends first */
export function openLockFiles(root: string, order: readonly string[]): LockFiles {
  const kept = new Map<string, Kept>();
  const written = new Set<string>();
  const places = new Map(order.map((name, index) => [name, index]));
  const added = new Map<string, Map<string, { readonly place: number; readonly entry: LockedStage }>>();

  const current = (node: StageNode): { file: string; lock: Lock } => {
    const file = node.folder === '.' ? 'dvc.lock' : `${node.folder}/dvc.lock`;
    const version = versionOf(join(root, file));
    let known = kept.get(file);
    if (known?.version !== version) {
      known = { lock: readLock(version === '' ? undefined : readFileSync(join(root, file), 'utf8'), file), version };
      kept.set(file, known);
      // What was added by this run and is there is like any other entry now.
      added.delete(file);
    }
    return { file, lock: known.lock };
  };

  return {
    written,
    entryOf: (node) => current(node).lock.stages.get(node.stage.name),
    record(node, entry) {
      const { file, lock } = current(node);
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
      writeWhole(whole, after.text());
      kept.set(file, { lock: after, version: versionOf(whole) });
      written.add(file);
    },
  };
}

/** Changes whenever the file does; empty where there is none. */
function versionOf(path: string): string {
  const stats = statSync(path, { throwIfNoEntry: false, bigint: true });
  return stats ? `${stats.ino} ${stats.size} ${stats.mtimeNs}` : '';
}
