import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { DomainError } from '#kernel/errors';
import { damaged, type ObjectCache } from '../cache/object-cache.ts';
import { createPlacer, type Placer } from '../cache/place-object.ts';
import { hashFile } from '../hashing/md5-file.ts';
import { digestAt, isFolderId, type ObjectId } from '../model.ts';
import type { TrackedOutput } from '../revisions/tracked.ts';
import type { ProjectSource } from './open-source.ts';

/** A file of another repository, kept by Git or as an object. */
export interface SourceFile {
  /** Relative to what was asked for; empty for that itself. */
  readonly path: string;
  /** Undefined for one that Git keeps. */
  readonly id?: ObjectId;
  /** In the repository. */
  readonly at: string;
}

/** Files that say how data is tracked are not data. */
const isOwnFile = (name: string): boolean => name.endsWith('.dvc') || name === 'dvc.yaml' || name === '.dvcignore';

/**
 * All files at a path of another repository, whoever keeps them.
 * @throws DomainError NOT_FOUND where there is nothing, or the list of a folder is not to be had
 */
export async function filesAt(source: ProjectSource, path: string): Promise<SourceFile[]> {
  const found = new Map<string, SourceFile>();
  const inside = (at: string): string | undefined =>
    at === path ? '' : path === '' ? at : at.startsWith(`${path}/`) ? at.slice(path.length + 1) : undefined;
  const take = (file: Omit<SourceFile, 'path'>): void => {
    const relative = inside(file.at);
    if (relative !== undefined) found.set(relative, { ...file, path: relative });
  };
  await takeFromGit(source, path, take);
  for (const output of source.outputs) {
    const isMet = inside(output.path) !== undefined || path.startsWith(`${output.path}/`);
    if (isMet) await takeOutput(source, output, take);
  }
  if (found.size > 0) return [...found.values()];
  throw new DomainError('NOT_FOUND', `The repository ${source.url} has nothing at '${path}'`, { field: path });
}

async function takeOutput(
  source: ProjectSource,
  { md5, scheme, path, isCached }: TrackedOutput,
  take: (file: Omit<SourceFile, 'path'>) => void,
): Promise<void> {
  // What is not cached is in Git, or nowhere.
  if (!isCached) return;
  if (md5 === undefined) {
    throw new DomainError('NOT_FOUND', `The repository ${source.url} does not record the content of '${path}'`, {
      field: path,
    });
  }
  const id = { md5, scheme };
  if (!isFolderId(id)) {
    take({ at: path, id });
    return;
  }
  await bring(source, [{ at: path, id }]);
  const { paths, digests } = cacheWith(source, { at: path, id }).listFolder(id);
  for (const [index, file] of paths.entries()) {
    take({ at: `${path}/${file}`, id: { md5: digestAt(digests, index), scheme } });
  }
}

/** Fetches what no cache holds. @throws DomainError of the remote; what it lacks is seen when it is needed */
async function bring(source: ProjectSource, files: readonly Omit<SourceFile, 'path'>[]): Promise<void> {
  const lacking = files.flatMap(({ at, id }) =>
    id && !source.caches.some((cache) => cache.has(id)) ? [{ ...id, path: at }] : [],
  );
  if (lacking.length > 0) await source.fetch?.(lacking);
}

/** @throws DomainError NOT_FOUND */
function cacheWith({ caches, url, fetch }: ProjectSource, { at, id }: { at: string; id: ObjectId }): ObjectCache {
  const cache = caches.find((each) => each.has(id));
  if (cache) return cache;
  throw new DomainError('NOT_FOUND', `Neither a cache nor the remote of ${url} holds '${at}' (${id.md5})`, {
    field: at,
    hint: fetch ? 'Push it there first.' : 'It has no default remote. Fetch it there first, or set one.',
  });
}

async function takeFromGit(
  { state }: Pick<ProjectSource, 'state'>,
  path: string,
  take: (file: Omit<SourceFile, 'path'>) => void,
): Promise<void> {
  const entries = await state.list(path);
  if (entries.length === 0) {
    if (path !== '' && (await state.read(path)) !== undefined) take({ at: path });
    return;
  }
  for (const { name, isFolder } of entries) {
    // Nothing of another repository's tree may become a repository here, or lead out of its folder.
    if (/^\.git$/i.test(name) || name === '.dvc' || name === '..' || name === '.' || isOwnFile(name)) continue;
    const at = path === '' ? name : `${path}/${name}`;
    if (isFolder) await takeFromGit({ state }, at, take);
    else take({ at });
  }
}

/**
 * Writes the files of a source below a new path, checked as they are written.
 * @param target absolute; there is nothing there, nor after a failure
 * @throws DomainError NOT_FOUND for an object that is not to be had, DATA_LOSS for a damaged one; STORAGE_FULL
 */
export async function writeSourceFiles(
  source: ProjectSource,
  files: readonly SourceFile[],
  target: string,
  onProgress?: (done: number, of: number) => void,
): Promise<void> {
  const placer = createPlacer(['reflink', 'copy']);
  await bring(source, files);
  try {
    for (const [index, file] of files.entries()) {
      const whole = file.path === '' ? target : join(target, file.path);
      mkdirSync(dirname(whole), { recursive: true });
      if (file.id)
        placeChecked(placer, cacheWith(source, { at: file.at, id: file.id }).fileOf(file.id), file.id, whole);
      else await writeFromGit(source, file.at, whole);
      onProgress?.(index + 1, files.length);
    }
  } catch (error) {
    rmSync(target, { recursive: true, force: true });
    throw error;
  }
}

function placeChecked(placer: Placer, object: string, id: ObjectId, whole: string): void {
  placer.place(object, whole, { isExecutable: false, isTaken: false });
  if (hashFile(whole, id.scheme === 'md5-dos2unix').digest.toString('hex') !== id.md5) throw damaged(object);
}

async function writeFromGit({ state }: ProjectSource, at: string, whole: string): Promise<void> {
  const bytes = await state.read(at);
  // A link to a folder, or to nothing.
  if (bytes) writeFileSync(whole, bytes);
}
