import { resolve } from 'node:path';
import { conflict, invalid } from '#kernel/errors';
import type { DataDependency, SourceRepository } from '#protocols/dvc';
import { namedData, type TrackedData } from '../data/data-files.ts';
import type { Repository } from '../open.ts';
import { trackedHere } from '../revisions/find-files.ts';
import { hashContent } from '../tree/content.ts';
import { takeFromProject, takeFromUrl } from './import-data.ts';
import type { SourceAccess } from './open-source.ts';
import { writeImport, type Imported, type ImportExtent } from './place-import.ts';

export interface UpdateOptions {
  /** Of imports from repositories: follow this branch or tag, or stay at this commit, from now on. */
  readonly revision?: string;
  /** Gives up changes that were made here. */
  readonly isForced?: boolean;
  readonly extent?: Exclude<ImportExtent, 'no-exec'>;
  onProgress?(done: number, of: number): void;
}

/**
 * Brings imports to what their sources are now.
 * @param given paths of the caller, of imports or of their `.dvc` files
 * @throws DomainError INVALID_ARGUMENT for what is no import; CONFLICT for one that was changed here; as `importData`
 */
export async function updateImports(
  repository: Repository,
  access: SourceAccess,
  given: readonly string[],
  options: UpdateOptions,
): Promise<Imported[]> {
  if (given.length === 0)
    throw invalid('Say which import to update', { hint: 'For example: capstan update data.csv.' });
  const all = await trackedHere(repository);
  const chosen = namedData(repository, all, given);
  for (const { path, data } of chosen) {
    const [dependency] = data.dependencies;
    if (!dependency || dependency.isQuery || data.outputs.length !== 1) {
      throw invalid(`'${path}' is no import of files`, { field: path, hint: 'What was added has no source to ask.' });
    }
  }
  const done: Imported[] = [];
  for (const data of chosen) done.push(await updateOne(repository, access, data, options));
  return done;
}

async function updateOne(
  repository: Repository,
  access: SourceAccess,
  tracked: TrackedData,
  options: UpdateOptions,
): Promise<Imported> {
  const { path, file, data, output } = tracked;
  const [dependency] = data.dependencies;
  if (!dependency) throw invalid(`'${path}' is no import`, { field: path });
  const extent = options.extent ?? 'take';
  if (extent === 'take' && options.isForced !== true) await refuseChanges(repository, tracked);
  if (dependency.repo) {
    const repo = { ...dependency.repo, ...(options.revision !== undefined && { rev: options.revision }) };
    const from = { ...repo, url: addressOf(access, repo) };
    const taken = await takeFromProject(
      repository,
      access,
      { repo: from, path: dependency.path === '.' ? '' : dependency.path, place: path, extent },
      options,
    );
    const after: DataDependency = { ...dependency, repo: { ...taken.repo, url: repo.url } };
    return writeImport(repository, path, after, taken.content, { file, data });
  }
  if (options.revision !== undefined) {
    throw invalid(`'${path}' is from ${dependency.path}, which has no revisions`, { field: '--rev' });
  }
  const taken = await takeFromUrl(repository, { path: dependency.path, place: path, extent });
  const isSame = isSameSource(taken.dependency, dependency) && taken.content?.md5 === output.md5;
  return isSame
    ? { path, file, content: taken.content, isChanged: false }
    : writeImport(repository, path, taken.dependency, taken.content, { file, data });
}

const isSameSource = (a: DataDependency, b: DataDependency): boolean => a.md5 === b.md5 && a.checksum === b.checksum;

/** A relative address was written from where the import was made, which is mostly the root. */
const addressOf = ({ cwd }: SourceAccess, { url }: SourceRepository): string =>
  /^\.{1,2}(?:\/|$)/.test(url) ? resolve(cwd, url) : url;

async function refuseChanges(repository: Repository, { path, output }: TrackedData): Promise<void> {
  const now = await hashContent(repository, path, { scheme: output.scheme });
  if (!now || now.content.md5 === output.md5) return;
  throw conflict(`'${path}' was changed here`, {
    field: path,
    hint: 'Go back to what was imported with capstan checkout --force, or give the changes up with --force.',
  });
}
