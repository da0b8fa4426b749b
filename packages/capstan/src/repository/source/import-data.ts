import { isAbsolute, join, relative, resolve, sep } from 'node:path';
import { conflict, invalid } from '#kernel/errors';
import type { DataDependency, SourceRepository } from '#protocols/dvc';
import type { Content } from '../model.ts';
import type { Repository } from '../open.ts';
import { folderOf } from '../paths.ts';
import { hashContent, nothingAt } from '../tree/content.ts';
import { sourcePath } from './get-data.ts';
import { openSource, type SourceAccess } from './open-source.ts';
import { importPlace, takeInto, writeImport, type Imported, type ImportExtent } from './place-import.ts';
import { filesAt, writeSourceFiles } from './source-files.ts';
import { copyLocal, download, localPath, urlState } from './url-source.ts';

export interface ImportOptions {
  /** As the caller gives it, relative to where it is. */
  readonly out?: string;
  readonly isForced?: boolean;
  readonly extent?: ImportExtent;
  onProgress?(done: number, of: number): void;
}

/**
 * Brings data of another repository into this one, tracked by a `.dvc` file that says where it is from: the commit is kept,
 * until an update takes a newer one.
 * @throws DomainError as `importPlace`, `openSource`, `filesAt` and `writeSourceFiles`; nothing is written then
 */
export async function importData(
  repository: Repository,
  access: SourceAccess,
  from: { readonly url: string; readonly path: string; readonly revision?: string },
  options: ImportOptions,
): Promise<Imported> {
  const { extent = 'take', isForced = false, out } = options;
  const path = sourcePath(from.path);
  const place = await importPlace(repository, path === '' ? from.url : path, out, isForced);
  const repo: SourceRepository = { url: from.url, ...(from.revision !== undefined && { rev: from.revision }) };
  const dependency: DataDependency = { path: path === '' ? '.' : path, scheme: 'md5', repo };
  if (extent === 'no-exec') return writeImport(repository, place, dependency, undefined);
  const taken = await takeFromProject(repository, access, { repo, path, place, extent }, options);
  return writeImport(repository, place, { ...dependency, repo: taken.repo }, taken.content);
}

/** What an update does as well. */
export async function takeFromProject(
  repository: Repository,
  access: SourceAccess,
  what: {
    readonly repo: SourceRepository;
    readonly path: string;
    readonly place: string;
    readonly extent: ImportExtent;
  },
  { onProgress }: Pick<ImportOptions, 'onProgress'>,
): Promise<{ repo: SourceRepository; content: Content | undefined }> {
  const { repo, path, place, extent } = what;
  const source = await openSource({ ...access, into: repository }, repo.url, repo.rev);
  try {
    const { commit } = source.state;
    if (commit === undefined) {
      throw conflict(`Git does not keep ${repo.url}, so that there is no commit to name`, {
        field: repo.url,
        hint: 'Take the files with capstan import-url, or capstan get.',
      });
    }
    const content =
      extent === 'take'
        ? await takeInto(repository, place, async (temporary) => {
            await writeSourceFiles(source, await filesAt(source, path), temporary, onProgress);
          })
        : undefined;
    return { repo: { ...repo, revLock: commit }, content };
  } finally {
    await source.close();
  }
}

/**
 * Brings a file or folder of this machine, or a file of a web server, into the repository, tracked by a `.dvc` file that says
 * where it is from.
 * @throws DomainError as `importPlace` and `urlState`; nothing is written then
 */
export async function importUrl(repository: Repository, url: string, options: ImportOptions): Promise<Imported> {
  const { extent = 'take', isForced = false, out } = options;
  const local = localPath(url);
  const name = local ?? new URL(url).pathname;
  if (name === '' || name.endsWith('/')) throw invalid(`${url} names no file`, { field: url });
  const place = await importPlace(repository, name, out, isForced);
  const path = local === undefined ? url : writtenPath(repository, url, folderOf(place));
  if (extent === 'no-exec') return writeImport(repository, place, { path, scheme: 'md5' }, undefined);
  const taken = await takeFromUrl(repository, { path, place, extent });
  return writeImport(repository, place, taken.dependency, taken.content);
}

/** What an update does as well. `place` is relative to the root, and the source's path to the folder of `place`. */
export async function takeFromUrl(
  repository: Repository,
  { path, place, extent }: { readonly path: string; readonly place: string; readonly extent: ImportExtent },
): Promise<{ dependency: DataDependency; content: Content | undefined }> {
  const local = localPath(path);
  const whole = local === undefined ? undefined : resolve(repository.root, folderOf(place), local);
  const dependency = whole === undefined ? await stateOnServer(path) : await stateHere(repository, path, whole);
  if (extent !== 'take') return { dependency, content: undefined };
  const content = await takeInto(repository, place, async (temporary) => {
    if (whole === undefined) await download(path, temporary);
    else copyLocal(whole, temporary);
  });
  return { dependency, content };
}

async function stateOnServer(url: string): Promise<DataDependency> {
  return { path: url, scheme: 'md5', ...(await urlState(url)) };
}

async function stateHere(repository: Repository, path: string, whole: string): Promise<DataDependency> {
  const hashed = await hashContent(repository, relative(repository.root, whole).split(sep).join('/'));
  if (!hashed) throw nothingAt(whole);
  const { md5, sizeBytes, fileCount } = hashed.content;
  return {
    path,
    scheme: 'md5',
    md5,
    ...(sizeBytes !== undefined && { sizeBytes }),
    ...(fileCount !== undefined && { fileCount }),
  };
}

/** As it is given, relative to the folder of the new file. */
function writtenPath({ root, here }: Repository, url: string, folder: string): string {
  if (isAbsolute(url) || url.includes('://')) return url;
  return relative(join(root, folder), resolve(root, here, url))
    .split(sep)
    .join('/');
}
