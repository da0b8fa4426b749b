import { posix } from 'node:path';
import type { DataDependency } from '#protocols/dvc';
import { trackedBy, type FoundDataFile, type TrackedData } from '../data/data-files.ts';
import { isInCache } from '../cache/is-in-cache.ts';
import { isFolderId, type FileList, type ObjectId } from '../model.ts';
import type { Repository } from '../open.ts';
import { hashContent, type HashOptions } from '../tree/content.ts';
import { folderChanges, type ChangedEntry, type ChangedPath } from './model.ts';

/** What of one `.dvc` file is not as recorded; undefined where all is. */
export async function dataEntry(
  repository: Repository,
  found: FoundDataFile,
  onProgress: HashOptions['onProgress'],
): Promise<ChangedEntry | undefined> {
  const outputs: ChangedPath[] = [];
  for (const data of trackedBy(found)) {
    const changed = await changedOutput(repository, data, onProgress);
    if (changed) outputs.push(changed);
  }
  const dependencies = found.data.isFrozen ? [] : await changedSources(repository, found);
  // An import that was written down with --no-exec.
  const reasons = found.data.dependencies.length === 1 && found.data.md5 === undefined ? ['changed checksum'] : [];
  if (outputs.length + dependencies.length + reasons.length === 0) return undefined;
  return { address: found.file, kind: 'data', outputs, dependencies, reasons };
}

async function changedOutput(
  repository: Repository,
  { path, output }: TrackedData,
  onProgress: HashOptions['onProgress'],
): Promise<ChangedPath | undefined> {
  const { md5, scheme, isCached } = output;
  const now = await hashContent(repository, path, { scheme, ...(onProgress && { onProgress }) });
  if (md5 === undefined) return { path, state: now ? 'modified' : 'deleted' };
  const id = { md5, scheme };
  const isSame = now?.content.md5 === md5;
  const recorded = isSame ? now.files : recordedFiles(repository, id);
  if (isCached && !isInCache(repository, id, recorded)) return { path, state: 'not in cache' };
  if (!now) return { path, state: 'deleted' };
  if (isSame) return undefined;
  if (!recorded || !isFolderId(now.content)) return { path, state: 'modified' };
  return { path, state: 'modified', files: folderChanges(recorded, now.files) };
}

function recordedFiles({ cache }: Repository, id: ObjectId): FileList | undefined {
  return isFolderId(id) && cache.has(id) ? cache.listFolder(id) : undefined;
}

/** What lies on this machine is looked at; whether another repository or server has something new is asked by an update. */
async function changedSources(repository: Repository, { file, data }: FoundDataFile): Promise<ChangedPath[]> {
  const changed: ChangedPath[] = [];
  for (const source of data.dependencies) {
    const path = pathHere(repository.root, posix.join(posix.dirname(file), data.workingDirectory), source);
    if (path === undefined) continue;
    const now = await hashContent(repository, path, { scheme: source.scheme });
    if (!now) changed.push({ path: source.path, state: 'deleted' });
    else if (now.content.md5 !== source.md5) changed.push({ path: source.path, state: 'modified' });
  }
  return changed;
}

function pathHere(root: string, folder: string, { path, repo, isQuery }: DataDependency): string | undefined {
  if (repo || isQuery || /^[\w+-]+:\/\//.test(path)) return undefined;
  return posix.isAbsolute(path) ? posix.relative(root, path) : posix.join(folder, path);
}
