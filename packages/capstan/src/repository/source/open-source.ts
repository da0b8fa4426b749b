import { existsSync, mkdirSync, statSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { DomainError } from '#kernel/errors';
import { readConfig, rootIgnoreRules } from '#protocols/dvc';
import type { ObjectCache } from '../cache/object-cache.ts';
import { rootOf, type Repository } from '../open.ts';
import { fetchObjects, type WantedObject } from '../remotes/fetch.ts';
import type { FailedObject } from '../remotes/transfer.ts';
import { checkoutState } from '../revisions/checkout-state.ts';
import { openRevisions, type Revisions } from '../revisions/revisions.ts';
import type { RepositoryState } from '../revisions/state.ts';
import { readTracked, type TrackedOutput } from '../revisions/tracked.ts';
import { cloneOf } from './clone.ts';

const NO_CONFIG = readConfig([]);

/** How another repository is reached from here. */
export interface SourceAccess {
  /** Absolute: what relative addresses are relative to. */
  readonly cwd: string;
  /** Absolute: where clones are kept. */
  readonly clones: string;
  /** Opens a repository of this machine. */
  open(folder: string): Repository;
  /** Into whose cache objects are fetched; into that of the source, or of its clone, where it is left out. */
  readonly into?: Repository;
}

/** Another repository as it was at one commit. */
export interface ProjectSource {
  readonly url: string;
  readonly state: RepositoryState;
  readonly outputs: readonly TrackedOutput[];
  /** Caches that may hold its objects: its own, where it is on this machine, and the one that they are fetched into. */
  readonly caches: readonly ObjectCache[];
  /** Fetches objects from its default remote. Undefined where it has none. */
  fetch?(wanted: readonly WantedObject[]): Promise<readonly FailedObject[]>;
  close(): Promise<void>;
}

/**
 * Opens another repository: a folder of this machine, or whatever git can clone.
 * @param revision a branch, tag or commit; the newest commit where it is left out
 * @param reads what is taken of a folder where no revision is named: `checkout`, its files as they are now
 * @throws DomainError NOT_FOUND for a revision; UNAVAILABLE for an address; INVALID_ARGUMENT for a file that cannot be read
 */
export async function openSource(
  access: SourceAccess,
  url: string,
  revision: string | undefined,
  reads: 'commit' | 'checkout' = 'commit',
): Promise<ProjectSource> {
  const folder = resolve(access.cwd, url);
  const isHere = statSync(folder, { throwIfNoEntry: false })?.isDirectory() === true;
  const repository = isHere && rootOf(folder) === folder ? access.open(folder) : undefined;
  let revisions: Revisions | undefined;
  let clone: Repository | undefined;
  const close = async (): Promise<void> => {
    await revisions?.close();
    await repository?.close();
    await clone?.close();
  };
  try {
    if (!isHere && existsSync(folder)) {
      throw new DomainError('INVALID_ARGUMENT', `${url} is no folder of a repository`, { field: url });
    }
    const isClone = repository === undefined && (!isHere || !existsSync(join(folder, '.git')));
    let root = folder;
    const isAsItIs =
      repository !== undefined && revision === undefined && (reads === 'checkout' || !repository.isInGit);
    if (!isAsItIs) {
      if (isClone) root = await cloneOf(isHere ? folder : url, access.clones);
      revisions = openRevisions({ root, config: repository?.config ?? NO_CONFIG, isInGit: true });
    }
    const commit = revisions && (await commitOf(revisions, revision, isClone));
    const state = revisions && commit !== undefined ? await revisions.at(commit) : checkoutState(folder);
    const { outputs } = await readTracked(state, rootIgnoreRules());
    if (isClone && outputs.length > 0) clone = await repositoryOf(access, root, state);
    return { url, state, outputs, ...placesOf(access, repository ?? clone), close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** A clone has no files: what a repository needs of them is written, as they were at the commit. */
async function repositoryOf(access: SourceAccess, clone: string, state: RepositoryState): Promise<Repository> {
  mkdirSync(join(clone, '.dvc'), { recursive: true });
  writeFileSync(join(clone, '.dvc', 'config'), (await state.read('.dvc/config')) ?? '');
  return access.open(clone);
}

function placesOf({ into }: SourceAccess, source: Repository | undefined): Pick<ProjectSource, 'caches' | 'fetch'> {
  const store = into ?? source;
  const caches = [source, into].flatMap((each) => each?.cache ?? []);
  if (!source || !store || source.config.core.remote === undefined) return { caches };
  return {
    caches,
    fetch: async (wanted) => (await fetchObjects(store, wanted, { from: source })).failed,
  };
}

/** In a clone branches are those of where it came from; its own is only the one that was cloned first. */
async function commitOf(revisions: Revisions, revision: string | undefined, isClone: boolean): Promise<string> {
  const last = revision ?? 'HEAD';
  if (!isClone) return await revisions.resolve(last);
  try {
    return await revisions.resolve(`origin/${last}`);
  } catch (error) {
    if (!(error instanceof DomainError) || error.code !== 'NOT_FOUND') throw error;
    return await revisions.resolve(last);
  }
}
