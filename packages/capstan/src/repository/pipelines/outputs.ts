import { chmodSync, copyFileSync, lstatSync, mkdirSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { dirname, isAbsolute, join } from 'node:path';
import { DomainError } from '#kernel/errors';
import type { LockedPath, LockedStage } from '#protocols/dvc';
import { relink } from '../data/add.ts';
import { checkoutOne } from '../data/checkout.ts';
import { ignoreInGit } from '../data/git.ts';
import { isInCache } from '../cache/is-in-cache.ts';
import type { Repository } from '../open.ts';
import type { StageNode } from './model.ts';
import { byPath, hashAt, idOf, lockedPath, placeOf } from './stage-state.ts';

const OWNER_MAY_WRITE = 0o200;

/** A copy is like a file that Git keeps: nothing shares its bytes. */
const asCopies = (repository: Repository): Repository => ({
  ...repository,
  cache: { ...repository.cache, links: ['copy'] },
});

/**
 * Makes room for a run: what the stage writes is gone, but for what is built up over runs, which becomes the stage's own to
 * write to; the folders of all of it are there.
 */
export function clearOutputs({ root }: Repository, { stage, folder }: StageNode): void {
  for (const output of stage.outputs) {
    const whole = wholeOf(root, placeOf(folder, output));
    if (output.isPersistent) unprotect(whole);
    else rmSync(whole, { recursive: true, force: true });
    mkdirSync(dirname(whole), { recursive: true });
  }
}

/** What a command left that did not end: nobody may take it for a result. What is built up over runs is put back. */
export async function dropOutputs(
  repository: Repository,
  { stage, folder }: StageNode,
  locked: LockedStage | undefined,
): Promise<void> {
  const recorded = byPath(locked?.outputs);
  for (const output of stage.outputs) {
    const place = placeOf(folder, output);
    const before = recorded.get(output.path);
    const id = idOf(before);
    if (!output.isPersistent) rmSync(wholeOf(repository.root, place), { recursive: true, force: true });
    else if (id && isInCache(repository, id)) {
      const wanted = { path: place, isExecutable: before?.isExecutable === true };
      await checkoutOne(asCopies(repository), wanted, id, { isForced: true });
    }
  }
}

export interface SaveOptions {
  /** False: hashed, and left out of the cache. */
  readonly isStored: boolean;
  /** Results of the run cache need the bytes of what is otherwise not cached, too. */
  readonly isResultKept: boolean;
}

/**
 * Hashes what a stage wrote and keeps it.
 * @returns entries for the lock file
 * @throws DomainError NOT_FOUND naming an output that was not written; STORAGE_FULL; CONFLICT for one that still changes
 */
export async function saveOutputs(
  repository: Repository,
  { stage, folder }: StageNode,
  locked: LockedStage | undefined,
  { isStored, isResultKept }: SaveOptions,
): Promise<LockedPath[]> {
  const { cache } = repository;
  const recorded = byPath(locked?.outputs);
  const saved: LockedPath[] = [];
  for (const output of stage.outputs) {
    const place = placeOf(folder, output);
    const isKept = isStored && output.outside === undefined && (output.isCached || isResultKept);
    const options = isKept ? { store: output.isCached ? cache : { ...cache, storeBy: 'copy' as const } } : {};
    const hashed = await hashAt(repository, place, recorded.get(output.path), options);
    if (!hashed) {
      throw new DomainError('NOT_FOUND', `it did not write its output ${output.path}`, {
        field: output.path,
        hint: 'Correct the path under outs, or let the command write it.',
      });
    }
    if (isStored && output.isCached) relink(repository, place, hashed);
    saved.push(lockedPath(output.path, hashed.content));
  }
  return saved;
}

/** Whether all outputs of a result can be brought back. */
export function canRestore(repository: Repository, { stage }: StageNode, result: LockedStage): boolean {
  const made = byPath(result.outputs);
  return stage.outputs.every(({ path }) => {
    const id = idOf(made.get(path));
    return id !== undefined && isInCache(repository, id);
  });
}

/**
 * Brings the outputs of a result back from the cache.
 * @throws DomainError DATA_LOSS for a damaged object; nothing of that output has been changed then
 */
export async function restoreOutputs(
  repository: Repository,
  { stage, folder }: StageNode,
  result: LockedStage,
): Promise<void> {
  const made = byPath(result.outputs);
  for (const output of stage.outputs) {
    const entry = made.get(output.path);
    const id = idOf(entry);
    if (!id) continue;
    const place = placeOf(folder, output);
    const target = output.isCached ? repository : asCopies(repository);
    await checkoutOne(target, { path: place, isExecutable: entry?.isExecutable === true }, id, { isForced: true });
  }
}

/** Lines of `.gitignore` for what the cache keeps. Returns the files that changed. */
export function ignoreOutputs(repository: Repository, { stage, folder }: StageNode): string[] {
  return stage.outputs.flatMap((output) => {
    if (!output.isCached || output.outside !== undefined) return [];
    return ignoreInGit(repository, placeOf(folder, output)) ?? [];
  });
}

/** Files that the cache or another name shares become the checkout's own, so that they can be written to. */
function unprotect(whole: string): void {
  const stats = lstatSync(whole, { throwIfNoEntry: false });
  if (stats?.isDirectory()) {
    for (const name of readdirSync(whole)) unprotect(join(whole, name));
    return;
  }
  if (!stats || (stats.isFile() && stats.nlink === 1 && (stats.mode & OWNER_MAY_WRITE) !== 0)) return;
  const copy = `${whole}.unprotected`;
  copyFileSync(whole, copy);
  chmodSync(copy, statSync(copy).mode | OWNER_MAY_WRITE);
  renameSync(copy, whole);
}

function wholeOf(root: string, place: string): string {
  return isAbsolute(place) ? place : join(root, place);
}
