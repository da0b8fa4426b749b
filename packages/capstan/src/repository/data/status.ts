import { isFolderId, type ObjectId } from '../model.ts';
import type { Repository } from '../open.ts';
import { hashContent } from '../tree/content.ts';
import { chosenData, findFiles, trackedBy, type TrackedData } from './data-files.ts';

/** As DVC tells it: `not in cache` where the recorded object is gone, whatever lies in the checkout. */
export type DataState = 'unchanged' | 'modified' | 'deleted' | 'not in cache' | 'new';

export interface DataStatus {
  /** The `.dvc` file, relative to the root. */
  readonly file: string;
  readonly path: string;
  readonly state: DataState;
}

/** How tracked data in the checkout differs from what its `.dvc` files record. */
export async function dataStatus(repository: Repository, paths: readonly string[]): Promise<DataStatus[]> {
  const all = findFiles(repository.root, repository.rules).dataFiles.flatMap(trackedBy);
  const found: DataStatus[] = [];
  for (const data of chosenData(all, paths)) {
    found.push({ file: data.file, path: data.path, state: await stateOf(repository, data) });
  }
  return found;
}

async function stateOf(repository: Repository, { path, output }: TrackedData): Promise<DataState> {
  const { md5, scheme } = output;
  const now = await hashContent(repository, path, { scheme });
  if (md5 === undefined) return now ? 'new' : 'deleted';
  if (output.isCached && !isInCache(repository, { md5, scheme })) return 'not in cache';
  if (!now) return 'deleted';
  return now.content.md5 === md5 ? 'unchanged' : 'modified';
}

/** Whether the cache holds the object, and those of its files where it is a folder's. */
export function isInCache({ cache }: Pick<Repository, 'cache'>, id: ObjectId): boolean {
  if (!cache.has(id)) return false;
  if (!isFolderId(id)) return true;
  const digests = Buffer.concat(cache.readFolder(id).map((file) => Buffer.from(file.md5, 'hex')));
  return cache.missing(digests, id.scheme).length === 0;
}
