import { readFileSync, existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { withoutIgnored } from '#protocols/dvc';
import type { Repository } from '../open.ts';
import { folderOf, nameOf } from '../paths.ts';
import { filesHere } from '../revisions/find-files.ts';
import { namedData, trackedBy } from './data-files.ts';
import { stageInGit, writeWhole } from './git.ts';

export interface Removed {
  /** The `.dvc` file that is gone. */
  readonly file: string;
  /** What it tracked, relative to the root. */
  readonly paths: readonly string[];
}

/**
 * Stops tracking data: its `.dvc` file goes, and the line in `.gitignore`. The data stays where it is, and in the cache.
 * @param withData removes the data from the checkout too
 * @throws DomainError NOT_FOUND for a path that nothing tracks
 */
export async function removeData(
  repository: Repository,
  given: readonly string[],
  withData: boolean,
): Promise<Removed[]> {
  const { root } = repository;
  const found = (await filesHere(repository)).dataFiles;
  const named = new Set(namedData(repository, found.flatMap(trackedBy), given).map(({ file }) => file));
  return found
    .filter(({ file }) => named.has(file))
    .map((one) => {
      const paths = trackedBy(one).map(({ path }) => path);
      const changed = paths.flatMap((path) => noticeInGit(repository, path) ?? []);
      if (withData) for (const path of paths) rmSync(join(root, path), { recursive: true, force: true });
      rmSync(join(root, one.file));
      stageInGit(repository, [...changed, one.file]);
      return { file: one.file, paths };
    });
}

/** Takes the line out of `.gitignore`; one that is empty then goes. Returns the file where it changed. */
function noticeInGit({ root, isInGit }: Repository, path: string): string | undefined {
  const file = join(folderOf(path), '.gitignore');
  const whole = join(root, file);
  if (!isInGit || !existsSync(whole)) return undefined;
  const after = withoutIgnored(readFileSync(whole, 'utf8'), nameOf(path));
  if (after === undefined) return undefined;
  if (after === '') rmSync(whole);
  else writeWhole(whole, after);
  return file;
}
