import { DomainError } from '#kernel/errors';
import { digestAt, isFolderId, type ObjectId } from '../model.ts';
import type { Repository } from '../open.ts';
import { shownIn, type RepositoryState } from '../revisions/state.ts';
import { readTracked, type TrackedOutput } from '../revisions/tracked.ts';

/** An object and what it is the content of. */
export interface UsedObject extends ObjectId {
  /** With the revision before it, unless that is the checkout. */
  readonly path: string;
  /** Name of the only remote it goes to. */
  readonly remote?: string;
}

/** By `keyOf`. */
export type UsedObjects = Map<string, UsedObject>;

export const keyOf = ({ md5, scheme }: ObjectId): string => `${scheme} ${md5}`;

/**
 * Adds the objects that a state of a repository needs: those of its outputs, and those that folders list.
 * @param onUnknown told of a folder whose list the cache does not hold, or holds damaged: which files are its own cannot be said
 */
export async function addUsedObjects(
  used: UsedObjects,
  repository: Repository,
  state: RepositoryState,
  onUnknown: (folder: UsedObject, error: DomainError) => void,
): Promise<void> {
  const { outputs } = await readTracked(state, repository.rules);
  for (const output of outputs) {
    const object = objectOf(output);
    if (object) addUsed(used, repository, { ...object, path: shownIn(state, output.path) }, onUnknown);
  }
}

/** The object of an output; undefined where there is none, or Git keeps it. */
export function objectOf({ md5, scheme, path, isCached, remote }: TrackedOutput): UsedObject | undefined {
  if (md5 === undefined || !isCached) return undefined;
  return { md5, scheme, path, ...(remote !== undefined && { remote }) };
}

/** Adds one object; of a folder all that it lists. */
export function addUsed(
  used: UsedObjects,
  { cache }: Repository,
  object: UsedObject,
  onUnknown: (folder: UsedObject, error: DomainError) => void,
): void {
  const { md5, scheme, path, ...rest } = object;
  if (used.has(keyOf(object))) return;
  used.set(keyOf(object), object);
  if (!isFolderId(object)) return;
  try {
    const { paths, digests } = cache.listFolder({ md5, scheme });
    for (const [index, inside] of paths.entries()) {
      const file = { ...rest, md5: digestAt(digests, index), scheme, path: `${path}/${inside}` };
      if (!used.has(keyOf(file))) used.set(keyOf(file), file);
    }
  } catch (error) {
    if (!(error instanceof DomainError)) throw error;
    onUnknown(object, error);
  }
}
