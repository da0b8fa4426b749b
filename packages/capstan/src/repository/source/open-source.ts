import { existsSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { DomainError } from '#kernel/errors';
import { readConfig, rootIgnoreRules } from '#protocols/dvc';
import type { ObjectCache } from '../cache/object-cache.ts';
import { rootOf, type Repository } from '../open.ts';
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
}

/** Another repository as it was at one commit. */
export interface ProjectSource {
  readonly url: string;
  readonly state: RepositoryState;
  readonly outputs: readonly TrackedOutput[];
  /** Its own cache, where it is on this machine. */
  readonly cache: ObjectCache | undefined;
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
  const close = async (): Promise<void> => {
    await revisions?.close();
    await repository?.close();
  };
  try {
    if (!isHere && existsSync(folder)) {
      throw new DomainError('INVALID_ARGUMENT', `${url} is no folder of a repository`, { field: url });
    }
    const isClone = !isHere || !existsSync(join(folder, '.git'));
    const isAsItIs =
      repository !== undefined && revision === undefined && (reads === 'checkout' || !repository.isInGit);
    if (!isAsItIs) {
      const root = isClone ? await cloneOf(isHere ? folder : url, access.clones) : folder;
      revisions = openRevisions({ root, config: repository?.config ?? NO_CONFIG, isInGit: true });
    }
    const commit = revisions && (await commitOf(revisions, revision, isClone));
    const state = revisions && commit !== undefined ? await revisions.at(commit) : checkoutState(folder);
    const { outputs } = await readTracked(state, rootIgnoreRules());
    return { url, state, outputs, cache: repository?.cache, close };
  } catch (error) {
    await close();
    throw error;
  }
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
