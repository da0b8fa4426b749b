import { rmSync, statSync } from 'node:fs';
import { conflict, DomainError } from '#kernel/errors';
import { refuseWhileStagesRun } from '../locks/running-stages.ts';
import { isFolderId, type ObjectId } from '../model.ts';
import type { Repository } from '../open.ts';
import { cachedObjects } from './cached-objects.ts';
import { eachState, type CollectScope } from './scope.ts';
import { byRemote, keysOnRemotes, removeOn, unneededOn } from './remote-objects.ts';
import { addUsedObjects, keyOf, type UsedObjects } from './used-objects.ts';

export interface CollectOptions {
  readonly scope: CollectScope;
  /** Others whose checkouts use this cache too: what they need within the scope stays. */
  readonly projects?: readonly Repository[];
  /** Goes on where the list of a folder is not there, so that what only it names is not kept. */
  readonly isForced?: boolean;
  /** Leaves out revisions whose files cannot be read. */
  readonly skipsFailed?: boolean;
  /** Keeps of what is needed only what no remote holds. */
  readonly notInRemote?: boolean;
  /** Looks for what nothing needs on the remote, too. */
  readonly cloud?: boolean;
  /** Name of the remote instead of the default one. */
  readonly remote?: string | undefined;
}

/** An object that may go. */
export interface GarbageObject extends ObjectId {
  /** Absolute. */
  readonly file: string;
  readonly sizeBytes: number;
}

export interface Garbage {
  readonly objects: readonly GarbageObject[];
  readonly bytes: number;
  /** Objects that stay. */
  readonly kept: number;
  /** Paths of objects on remotes. */
  readonly onRemotes?: readonly RemoteGarbage[];
}

export interface RemoteGarbage {
  /** Undefined for the default one. */
  readonly remote: string | undefined;
  readonly paths: readonly string[];
}

/**
 * What of the cache nothing in the scope needs. Changes nothing.
 * @throws DomainError CONFLICT while stages run, and for a folder whose list is not there; as `eachState` and `readTracked`
 */
export async function findGarbage(repository: Repository, options: CollectOptions): Promise<Garbage> {
  const used: UsedObjects = new Map();
  for (const project of [repository, ...(options.projects ?? [])]) {
    refuseWhileStagesRun(project);
    await addUsedOf(used, project, options, repository);
  }
  const held = options.notInRemote ? await keysOnRemotes(repository, used.values(), options.remote) : new Set<string>();
  const isKept = (key: string): boolean => used.has(key) && !held.has(key);
  const objects: GarbageObject[] = [];
  let [bytes, kept] = [0, 0];
  for (const id of cachedObjects(repository.cache.folder)) {
    const file = repository.cache.fileOf(id);
    const stats = isKept(keyOf(id)) ? undefined : statSync(file, { throwIfNoEntry: false });
    if (!stats) {
      kept++;
      continue;
    }
    objects.push({ ...id, file, sizeBytes: stats.size });
    bytes += stats.size;
  }
  return {
    objects,
    bytes,
    kept,
    ...(options.cloud && { onRemotes: await garbageOnRemotes(repository, used, options) }),
  };
}

async function garbageOnRemotes(
  repository: Repository,
  used: UsedObjects,
  { remote }: CollectOptions,
): Promise<RemoteGarbage[]> {
  const found: RemoteGarbage[] = [];
  // The remote that is meant is cleared also where nothing that is needed goes to it.
  const needed = byRemote(used.values(), remote);
  if (!needed.has(remote)) needed.set(remote, []);
  for (const [name, some] of needed) found.push({ remote: name, paths: await unneededOn(repository, name, some) });
  return found;
}

async function addUsedOf(
  used: UsedObjects,
  project: Repository,
  { scope, isForced = false, skipsFailed = false }: CollectOptions,
  { cache }: Repository,
): Promise<void> {
  // Another project's folders are listed in the cache that is cleared: they are what is at stake.
  const place = { ...project, cache };
  await eachState(project, scope, async (state) => {
    try {
      await addUsedObjects(used, place, state, ({ path, md5 }, cause) => {
        if (isForced) return;
        throw conflict(
          `What the folder ${path} holds is not known: the cache lacks its list ${md5}, or holds it damaged`,
          {
            field: path,
            hint: 'Fetch it first, or go on with --force: what only that folder needs may then go.',
            cause,
          },
        );
      });
    } catch (error) {
      const isUnreadable = error instanceof DomainError && error.code === 'INVALID_ARGUMENT';
      if (!isUnreadable || !skipsFailed || state.commit === undefined) throw error;
    }
  });
}

/** Removes it, folders first: a list of files that are gone would say that they are there. */
export async function removeGarbage(
  repository: Repository,
  { objects, onRemotes = [] }: Garbage,
  onProgress?: (done: number, of: number) => void,
): Promise<void> {
  const ordered = [...objects.filter(isFolderId), ...objects.filter((id) => !isFolderId(id))];
  for (const [done, { file }] of ordered.entries()) {
    rmSync(file, { force: true });
    onProgress?.(done + 1, ordered.length);
  }
  for (const { remote, paths } of onRemotes) await removeOn(repository, remote, paths);
}
