import { DomainError } from '#kernel/errors';
import type { ObjectRemote } from '#ports/object-remote';
import { objectPath } from '#protocols/dvc';
import type { ObjectId } from '../model.ts';
import type { Repository } from '../open.ts';
import { presentObjects } from '../remotes/presence.ts';
import { openRemoteOf } from '../remotes/which-remote.ts';
import { keyOf, type UsedObject } from './used-objects.ts';

const OBJECT = /^(files\/md5\/)?([0-9a-f]{2})\/([0-9a-f]{30}(?:\.dir)?)$/;

/** Objects by the remote that they go to: each one's own, or the one that is asked for or set. */
export function byRemote(
  used: Iterable<UsedObject>,
  remote: string | undefined,
): Map<string | undefined, UsedObject[]> {
  return Map.groupBy(used, (object) => object.remote ?? remote);
}

/**
 * Keys of those that their remotes hold.
 * @throws DomainError as `openRemoteOf` and of the remote
 */
export async function keysOnRemotes(
  repository: Repository,
  objects: Iterable<UsedObject>,
  remote: string | undefined,
): Promise<Set<string>> {
  const keys = new Set<string>();
  for (const [name, some] of byRemote(objects, remote)) {
    await withRemote(repository, name, async (opened) => {
      const present = await presentObjects(opened, some, { jobs: opened.jobs });
      for (const id of present) keys.add(keyOf(id));
    });
  }
  return keys;
}

/** Paths of objects of a remote that nothing needs. @throws DomainError NOT_IMPLEMENTED for a remote that cannot list */
export async function unneededOn(
  repository: Repository,
  name: string | undefined,
  needed: readonly ObjectId[],
): Promise<string[]> {
  return await withRemote(repository, name, async (remote) => {
    if (remote.listing.by === 'none') {
      throw new DomainError('NOT_IMPLEMENTED', `The remote '${remote.name}' cannot list what it holds`, {
        field: '--cloud',
        hint: 'Clear it where its files are.',
      });
    }
    const kept = new Set(needed.map(({ md5, scheme }) => objectPath(md5, scheme)));
    const found: string[] = [];
    for await (const page of remote.list('')) {
      for (const path of page) if (OBJECT.test(path) && !kept.has(path)) found.push(path);
    }
    return found;
  });
}

/** Folders first: a list of files that are gone would say that they are there. */
export async function removeOn(
  repository: Repository,
  name: string | undefined,
  paths: readonly string[],
): Promise<void> {
  await withRemote(repository, name, async (remote) => {
    await remote.remove(paths.filter((path) => path.endsWith('.dir')));
    await remote.remove(paths.filter((path) => !path.endsWith('.dir')));
  });
}

async function withRemote<Result>(
  repository: Repository,
  name: string | undefined,
  work: (remote: ObjectRemote) => Promise<Result>,
): Promise<Result> {
  const remote = await openRemoteOf(repository, name);
  try {
    return await work(remote);
  } finally {
    await remote.close();
  }
}
