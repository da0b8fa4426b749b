import { namedData, trackedBy, type FoundDataFile } from '../data/data-files.ts';
import type { Repository } from '../open.ts';
import { changedStages } from '../pipelines/look-ahead.ts';
import { readPipelines } from '../pipelines/read-stages.ts';
import { stagesOf } from '../pipelines/targets.ts';
import type { HashOptions } from '../tree/content.ts';
import { dataEntry } from './data-status.ts';
import type { ChangedEntry } from './model.ts';
import { stageEntry } from './stage-status.ts';

export interface RepositoryStatus {
  /** Only what changed, by address. */
  readonly changed: readonly ChangedEntry[];
  /** How many `.dvc` files were looked at. */
  readonly dataFiles: number;
  /** How many stages were. */
  readonly stages: number;
}

/**
 * What in the checkout is not as its files record it. Reads only what changed since it was last hashed, and locks nothing.
 * @param given paths of the caller, tracked or of `.dvc` files, and stages as `capstan repro` takes them; everything where
 *   there is none
 * @throws DomainError NOT_FOUND where nothing tracked is at a path; INVALID_ARGUMENT for a file that cannot be read
 */
export async function repositoryStatus(
  repository: Repository,
  given: readonly string[],
  onProgress?: HashOptions['onProgress'],
): Promise<RepositoryStatus> {
  const pipelines = await readPipelines(repository);
  const all = [...pipelines.nodes.values()];
  const named = new Map(given.map((target) => [target, stagesOf(repository, pipelines, target)]));
  const stages =
    given.length === 0 ? all.filter(({ kind }) => kind === 'stage') : [...new Set([...named.values()].flat())];
  const paths = given.filter((target) => named.get(target)?.length === 0);
  const isOnlyStages = given.length > 0 && paths.length === 0;
  const dataFiles = all.flatMap((node) => (node.kind === 'data' ? [node.found] : []));
  const chosen = isOnlyStages ? [] : chosenFiles(repository, dataFiles, paths);
  const changed: ChangedEntry[] = [];
  for (const found of chosen) {
    const entry = await dataEntry(repository, found, onProgress);
    if (entry) changed.push(entry);
  }
  for (const stage of await changedStages(repository, pipelines, stages))
    changed.push(stageEntry(stage, repository.here));
  return { changed, dataFiles: chosen.length, stages: stages.length };
}

/** Every file where no path is named. */
function chosenFiles(repository: Repository, all: readonly FoundDataFile[], given: readonly string[]): FoundDataFile[] {
  const named = new Set(namedData(repository, all.flatMap(trackedBy), given).map(({ file }) => file));
  return all.filter(({ file }) => named.has(file));
}
