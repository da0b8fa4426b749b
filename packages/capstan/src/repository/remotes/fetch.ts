// From a remote into the cache: what is there and whole stays, what arrives is checked before it gets its name. Ended at
// any moment, the next call goes on from there.
import { eachState } from '../collect/scope.ts';
import { chosenUse, isCachedData, meantUse, usedData, type CachedData, type UsedData } from '../data/used-data.ts';
import { damagedObjects, rememberWhole } from '../cache/verify.ts';
import { receiveObject } from '../cache/receive-object.ts';
import { isFolderId, type ObjectId } from '../model.ts';
import type { Repository } from '../open.ts';
import type { ObjectRemote } from '#ports/object-remote';
import { objectPath, type ListedFile } from '#protocols/dvc';
import { DomainError } from '#kernel/errors';
import { eachAtOnce, withRetries } from './at-once.ts';
import {
  asFailed,
  NOTHING,
  together,
  type FailedObject,
  type Transferred,
  type TransferOptions,
  type TransferProgress,
} from './transfer.ts';

import { jobsOf, remoteSettings, type RemoteSource } from './which-remote.ts';

/** An object that is wanted, and what for. */
export interface WantedObject extends ObjectId {
  /** For messages: what it is the content of, relative to the root. */
  readonly path: string;
}

export interface FetchOptions extends TransferOptions {
  /** Whose config names the remote: this repository's own, unless another one's data are fetched. */
  readonly from?: RemoteSource;
}

/**
 * What targets name in the checkout and the revisions of a scope, without what goes to another remote than the one asked
 * for. Data of equal content come once.
 * @throws DomainError NOT_FOUND for a target that is nothing in the checkout; as `eachState`
 */
export async function dataFor(
  repository: Repository,
  targets: readonly string[],
  { remote, scope = {} }: TransferOptions,
): Promise<CachedData[]> {
  const found: CachedData[] = [];
  await eachState(repository, scope, async (state) => {
    const all = await usedData(repository, state);
    const isCheckout = state.commit === undefined;
    const chosen = isCheckout ? chosenUse(repository, all, targets) : meantUse(repository, all, targets);
    found.push(...chosen.filter(isCachedData));
  });
  const fitting = found.filter((data) => data.remote === undefined || remote === undefined || data.remote === remote);
  return [...new Map(fitting.map((data) => [keyOf(data), data])).values()];
}

/**
 * Brings the objects of tracked data into the cache.
 * @param targets as `chosenUse` takes them
 * @throws DomainError for a remote that is not set, refuses, or stays unreachable; STORAGE_FULL. What has arrived stays
 */
export async function fetchData(
  repository: Repository,
  targets: readonly string[],
  options: TransferOptions = {},
): Promise<Transferred> {
  const chosen = await dataFor(repository, targets, options);
  let done = NOTHING;
  for (const [remote, data] of Map.groupBy(chosen, (each) => each.remote ?? options.remote)) {
    const wanted = data.map(({ id, path }) => ({ ...id, path }));
    done = together(done, await fetchObjects(repository, wanted, { ...options, remote }));
  }
  return { ...done, failed: done.failed.map((failed) => explained(failed, chosen)) };
}

/**
 * Brings objects into the cache, those of folders with all their files. A damaged one there is replaced.
 * @returns what could not be brought beside what was; where nothing is lacking the remote is not asked
 * @throws DomainError as `fetchData`
 */
export async function fetchObjects(
  repository: Repository,
  wanted: readonly WantedObject[],
  options: FetchOptions = {},
): Promise<Transferred> {
  const { cache } = repository;
  const folders = wanted.filter(isFolderId);
  const lackingFolders = folders.filter((id) => !isWholeFolder(repository, id));
  const session = createSession(repository, options);
  try {
    const ofFolders = await session.fetch(uniqueOf(lackingFolders));
    const inside = folders.filter((id) => cache.has(id)).flatMap((id) => filesIn(id, cache.readFolder(id)));
    const files = uniqueOf([...wanted.filter((id) => !isFolderId(id)), ...inside]);
    const lacking = await lackingFiles(repository, files, session.tell);
    const ofFiles = await session.fetch(lacking);
    const present = folders.length - lackingFolders.length + files.length - lacking.length;
    return { ...together(ofFolders, ofFiles), present };
  } finally {
    await session.close();
  }
}

/** Opens the remote when the first object is to come from it. */
function createSession(repository: Repository, options: FetchOptions) {
  const source = options.from ?? repository;
  let opened: Promise<{ remote: ObjectRemote; jobs: number }> | undefined;
  let name = options.remote ?? source.config.core.remote ?? '';
  const open = async () => {
    const settings = remoteSettings(source.config, options.remote);
    name = settings.name;
    const remote = await source.openRemote(settings);
    return { remote, jobs: jobsOf(settings, remote, options.jobs) };
  };
  const tell = (done: Omit<TransferProgress, 'remote'>): void => options.onProgress?.({ ...done, remote: name });

  return {
    tell,
    async fetch(wanted: readonly WantedObject[]): Promise<Transferred> {
      if (wanted.length === 0) return NOTHING;
      opened ??= open();
      const { remote, jobs } = await opened;
      const failed: FailedObject[] = [];
      const fetched: WantedObject[] = [];
      let bytes = 0;
      try {
        await eachAtOnce(wanted, { jobs, signal: options.signal }, async (id, signal) => {
          try {
            const sizeBytes = await withRetries(signal, () => fetchOne(repository, remote, id, signal));
            bytes += sizeBytes;
            fetched.push(id);
          } catch (error) {
            const one = asFailed(error, id);
            if (!one) throw error;
            failed.push(one);
          }
          tell({ step: 'fetching', files: fetched.length + failed.length, of: wanted.length, bytes });
        });
      } finally {
        rememberWhole(
          repository,
          fetched.filter((id) => !isFolderId(id)),
        );
      }
      return { objects: fetched.length, bytes, present: 0, failed };
    },
    async close() {
      await (await opened?.catch(() => undefined))?.remote.close();
    },
  };
}

async function fetchOne(
  { cache }: Repository,
  remote: ObjectRemote,
  id: WantedObject,
  signal: AbortSignal,
): Promise<number> {
  const { bytes } = await remote.read(objectPath(id.md5, id.scheme), { signal });
  return await receiveObject(cache, id, bytes);
}

function isWholeFolder({ cache }: Repository, id: ObjectId): boolean {
  if (!cache.has(id)) return false;
  try {
    cache.readFolder(id);
    return true;
  } catch (error) {
    if (error instanceof DomainError) return false;
    throw error;
  }
}

async function lackingFiles(
  repository: Repository,
  files: readonly WantedObject[],
  tell: (done: Omit<TransferProgress, 'remote'>) => void,
): Promise<WantedObject[]> {
  tell({ step: 'checking', files: 0, of: files.length, bytes: 0 });
  const missing = new Set<WantedObject>();
  for (const [scheme, some] of Map.groupBy(files, (file) => file.scheme)) {
    const digests = Buffer.from(some.map(({ md5 }) => md5).join(''), 'hex');
    for (const index of repository.cache.missing(digests, scheme)) {
      const file = some[index];
      if (file) missing.add(file);
    }
  }
  const damaged = new Set(
    await damagedObjects(
      repository,
      files.filter((file) => !missing.has(file)),
    ),
  );
  return files.filter((file) => missing.has(file) || damaged.has(file));
}

function filesIn({ path, scheme }: WantedObject, listed: readonly ListedFile[]): WantedObject[] {
  return listed.map((file) => ({ md5: file.md5, scheme, path: `${path}/${file.path}` }));
}

/** Equal files are one object. */
export function uniqueOf<Id extends ObjectId>(ids: readonly Id[]): Id[] {
  const seen = new Set<string>();
  return ids.filter(({ md5, scheme }) => seen.size < seen.add(`${md5} ${scheme}`).size);
}

/** The objects of an import are where it came from. */
function explained(failed: FailedObject, chosen: readonly UsedData[]): FailedObject {
  const of = chosen.find(({ path }) => failed.path === path || failed.path.startsWith(`${path}/`));
  if (!of?.importedFrom || failed.code !== 'NOT_FOUND') return failed;
  return {
    ...failed,
    hint: `It was imported from ${of.importedFrom.url}: bring what is there now with capstan update, or this commit's with dvc pull.`,
  };
}

/** Data that go the same way are one. */
function keyOf({ id, remote = '', isPushed, importedFrom }: CachedData): string {
  return [id.scheme, id.md5, remote, isPushed, importedFrom?.url ?? ''].join(' ');
}
