import { existsSync, readFileSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import { conflict, DomainError } from '#kernel/errors';
import { writeDataFile, type DataDependency, type DataFile, type DataOutput } from '#protocols/dvc';
import { relink } from '../data/add.ts';
import { DATA_SUFFIX } from '../data/data-files.ts';
import { ignoreInGit, refuseWhatGitTracks, stageInGit, writeWhole as writeText } from '../data/git.ts';
import { isFolderId, type Content } from '../model.ts';
import { pathInside, type Repository } from '../open.ts';
import { folderOf, nameOf, pathsMeet } from '../paths.ts';
import { trackedHere } from '../revisions/find-files.ts';
import { hashContent, nothingAt } from '../tree/content.ts';
import { writeWhole } from './get-data.ts';

/** How much of an import is done: all, all but the download, or only that it is written down. */
export type ImportExtent = 'take' | 'no-download' | 'no-exec';

export interface Imported {
  /** Relative to the root. */
  readonly path: string;
  readonly file: string;
  /** Undefined where nothing was downloaded. */
  readonly content: Content | undefined;
  /** False: it was what its source is. */
  readonly isChanged: boolean;
}

/**
 * Where an import goes: all is checked before anything is written.
 * @param out as the caller gives it; a folder that is there takes it in under its own name
 * @throws DomainError CONFLICT where something is there, tracked or not, or Git keeps it; INVALID_ARGUMENT outside; NOT_FOUND
 *   without a folder
 */
export async function importPlace(
  repository: Repository,
  source: string,
  out: string | undefined,
  isForced: boolean,
): Promise<string> {
  const { root } = repository;
  const named = pathInside(repository, out ?? basename(source));
  const isFolder = statSync(join(root, named), { throwIfNoEntry: false })?.isDirectory() === true;
  const path = isFolder && out !== undefined ? `${named === '' ? '' : `${named}/`}${basename(source)}` : named;
  const tracked = await trackedHere(repository);
  const other = tracked.find((each) => pathsMeet(each.path, path) && (each.path !== path || !isForced));
  if (other) {
    throw conflict(`'${other.path}' is tracked by ${other.file}`, {
      field: path,
      hint:
        other.path === path ? 'Write over it with --force.' : `Stop tracking it first: capstan remove ${other.file}.`,
    });
  }
  if (!isForced && existsSync(join(root, path))) {
    throw conflict(`Something is at '${path}' already`, {
      field: path,
      hint: 'Name another place with --out, or take its place with --force.',
    });
  }
  if (!existsSync(join(root, folderOf(path)))) {
    throw new DomainError('NOT_FOUND', `There is no folder '${folderOf(path)}'`, { field: path });
  }
  refuseWhatGitTracks(repository, path);
  return path;
}

/** Brings what `write` writes to a path, and keeps it in the cache. */
export async function takeInto(
  repository: Repository,
  path: string,
  write: (temporary: string) => Promise<void>,
): Promise<Content> {
  await writeWhole(join(repository.root, path), write);
  const hashed = await hashContent(repository, path, { store: repository.cache });
  if (!hashed) throw nothingAt(path);
  relink(repository, path, hashed);
  return hashed.content;
}

/** Writes the `.dvc` file of an import, and tells Git what to leave out. */
export function writeImport(
  repository: Repository,
  path: string,
  dependency: DataDependency,
  content: Content | undefined,
  before?: { readonly file: string; readonly data: DataFile },
): Imported {
  const file = before?.file ?? `${path}${DATA_SUFFIX}`;
  const whole = join(repository.root, file);
  const old = before?.data.outputs[0];
  const output: DataOutput = {
    path: old?.path ?? nameOf(path),
    scheme: 'md5',
    md5: content?.md5,
    ...(content?.sizeBytes !== undefined && { sizeBytes: content.sizeBytes }),
    ...(content && isFolderId(content) && { fileCount: content.fileCount ?? 0 }),
    ...(content?.isExecutable && { isExecutable: true as const }),
    isCached: old?.isCached ?? true,
    isPersistent: old?.isPersistent ?? false,
    isPushed: old?.isPushed ?? true,
    ...(old?.remote !== undefined && { remote: old.remote }),
  };
  const data: DataFile = {
    ...(before?.data ?? { workingDirectory: '.' }),
    isFrozen: before?.data.isFrozen ?? true,
    outputs: [output],
    dependencies: [dependency],
  };
  const text = existsSync(whole) ? readFileSync(whole, 'utf8') : undefined;
  const after = writeDataFile(data, before ? text : undefined);
  if (after !== text) writeText(whole, after);
  const ignored = ignoreInGit(repository, path);
  stageInGit(repository, [...(ignored === undefined ? [] : [ignored]), ...(after === text ? [] : [file])]);
  return { path, file, content, isChanged: after !== text };
}
