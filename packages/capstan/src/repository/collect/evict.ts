import { statSync } from 'node:fs';
import { isFolderId } from '../model.ts';
import type { Repository } from '../open.ts';
import { refuseWhileStagesRun } from '../locks/running-stages.ts';
import { checkoutState } from '../revisions/checkout-state.ts';
import { cachedObjects } from './cached-objects.ts';
import type { Garbage, GarbageObject } from './collect-garbage.ts';
import { keysOnRemotes } from './remote-objects.ts';
import { addUsedObjects, keyOf, type UsedObjects } from './used-objects.ts';

export interface Eviction extends Garbage {
  /** Bytes of the cache before. */
  readonly total: number;
  /** Bytes above the limit that cannot go: the checkout needs them, or no remote holds them. */
  readonly over: number;
}

/** Asked of a remote at once. */
const BATCH = 2_000;

/**
 * What may go for the cache to be no larger than a limit: objects that a remote holds and the checkout does not need, those
 * that were used longest ago first. Lists of folders stay. Changes nothing.
 * @throws DomainError CONFLICT while stages run; as `keysOnRemotes` and `readTracked`
 */
export async function findEvictions(
  repository: Repository,
  { maxBytes, remote }: { readonly maxBytes: number; readonly remote?: string | undefined },
): Promise<Eviction> {
  refuseWhileStagesRun(repository);
  const needed: UsedObjects = new Map();
  // A list that is not there names nothing that could be kept for it.
  await addUsedObjects(needed, repository, checkoutState(repository.root), () => {});
  const candidates: (GarbageObject & { readonly usedAt: number; readonly path: string })[] = [];
  let [total, count] = [0, 0];
  for (const id of cachedObjects(repository.cache.folder)) {
    const file = repository.cache.fileOf(id);
    const stats = statSync(file, { throwIfNoEntry: false });
    if (!stats) continue;
    total += stats.size;
    count++;
    // With a second name in a checkout its bytes would not be freed.
    if (isFolderId(id) || needed.has(keyOf(id)) || stats.nlink > 1) continue;
    const usedAt = Math.max(stats.atimeMs, stats.mtimeMs);
    candidates.push({ ...id, file, sizeBytes: stats.size, usedAt, path: file });
  }
  candidates.sort((a, b) => a.usedAt - b.usedAt);
  const objects: GarbageObject[] = [];
  let bytes = 0;
  for (let first = 0; first < candidates.length && total - bytes > maxBytes; first += BATCH) {
    const batch = candidates.slice(first, first + BATCH);
    const held = await keysOnRemotes(repository, batch, remote);
    for (const { md5, scheme, file, sizeBytes } of batch) {
      if (total - bytes <= maxBytes) break;
      if (!held.has(keyOf({ md5, scheme }))) continue;
      objects.push({ md5, scheme, file, sizeBytes });
      bytes += sizeBytes;
    }
  }
  return { objects, bytes, kept: count - objects.length, total, over: Math.max(0, total - bytes - maxBytes) };
}
