import { findFiles, namedData, trackedBy, type FoundDataFile } from '../data/data-files.ts';
import type { Repository } from '../open.ts';
import type { HashOptions } from '../tree/content.ts';
import { dataEntry } from './data-status.ts';
import type { ChangedEntry } from './model.ts';

export interface RepositoryStatus {
  /** Only what changed, by address. */
  readonly changed: readonly ChangedEntry[];
  /** How many `.dvc` files were looked at. */
  readonly dataFiles: number;
  /** Files with stages that were not. */
  readonly unasked: readonly string[];
}

/**
 * What in the checkout is not as its files record it. Reads only what changed since it was last hashed, and locks nothing.
 * @param given paths of the caller, tracked or of `.dvc` files; everything where there is none
 * @throws DomainError NOT_FOUND where nothing tracked is at a path; INVALID_ARGUMENT for a file that cannot be read
 */
export async function repositoryStatus(
  repository: Repository,
  given: readonly string[],
  onProgress?: HashOptions['onProgress'],
): Promise<RepositoryStatus> {
  const { dataFiles, pipelineFiles } = findFiles(repository.root, repository.rules);
  const chosen = chosenFiles(repository, dataFiles, given);
  const changed: ChangedEntry[] = [];
  for (const found of chosen) {
    const entry = await dataEntry(repository, found, onProgress);
    if (entry) changed.push(entry);
  }
  return { changed, dataFiles: chosen.length, unasked: given.length === 0 ? pipelineFiles : [] };
}

/** Every file where no path is named. */
function chosenFiles(repository: Repository, all: readonly FoundDataFile[], given: readonly string[]): FoundDataFile[] {
  const named = new Set(namedData(repository, all.flatMap(trackedBy), given).map(({ file }) => file));
  return all.filter(({ file }) => named.has(file));
}
