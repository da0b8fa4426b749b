import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { DomainError } from '#kernel/errors';
import { damaged } from '../cache/object-cache.ts';
import { createPlacer } from '../cache/place-object.ts';
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
    if (isMet) takeOutput(source, output, take);
  }
  if (found.size > 0) return [...found.values()];
  throw new DomainError('NOT_FOUND', `The repository ${source.url} has nothing at '${path}'`, { field: path });
}

function takeOutput(
  { cache, url }: ProjectSource,
  { md5, scheme, path, isCached }: TrackedOutput,
  take: (file: Omit<SourceFile, 'path'>) => void,
): void {
  // What is not cached is in Git, or nowhere.
  if (!isCached) return;
  if (md5 === undefined) {
    throw new DomainError('NOT_FOUND', `The repository ${url} does not record the content of '${path}'`, {
      field: path,
    });
  }
  const id = { md5, scheme };
  if (!isFolderId(id)) {
    take({ at: path, id });
    return;
  }
  if (!cache?.has(id)) throw notThere(url, path, md5);
  const { paths, digests } = cache.listFolder(id);
  for (const [index, file] of paths.entries())
    take({ at: `${path}/${file}`, id: { md5: digestAt(digests, index), scheme } });
}

async function takeFromGit(
  { state }: ProjectSource,
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
    if (isFolder) await takeFromGit({ state } as ProjectSource, at, take);
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
  try {
    for (const [index, file] of files.entries()) {
      const whole = file.path === '' ? target : join(target, file.path);
      mkdirSync(dirname(whole), { recursive: true });
      if (file.id)
        placeChecked(
          source,
          file.at,
          file.id,
          (object) => placer.place(object, whole, { isExecutable: false, isTaken: false }),
          whole,
        );
      else await writeFromGit(source, file.at, whole);
      onProgress?.(index + 1, files.length);
    }
  } catch (error) {
    rmSync(target, { recursive: true, force: true });
    throw error;
  }
}

function placeChecked(
  { cache, url }: ProjectSource,
  at: string,
  id: ObjectId,
  place: (object: string) => void,
  whole: string,
): void {
  if (!cache?.has(id)) throw notThere(url, at, id.md5);
  const object = cache.fileOf(id);
  place(object);
  if (hashFile(whole, id.scheme === 'md5-dos2unix').digest.toString('hex') !== id.md5) throw damaged(object);
}

async function writeFromGit({ state }: ProjectSource, at: string, whole: string): Promise<void> {
  const bytes = await state.read(at);
  // A link to a folder, or to nothing.
  if (bytes) writeFileSync(whole, bytes);
}

function notThere(url: string, path: string, md5: string): DomainError {
  return new DomainError('NOT_FOUND', `The cache of ${url} does not hold '${path}' (${md5})`, {
    field: path,
    hint: 'Fetch it there first.',
  });
}
