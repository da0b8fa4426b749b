import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { conflict, invalid } from '#kernel/errors';
import { writeDataFile, type DataFile, type DataOutput } from '#protocols/dvc';
import { createPlacer } from '../cache/place-object.ts';
import { digestAt, type Content, type Hashed } from '../model.ts';
import { pathInside, type Repository } from '../open.ts';
import { nameOf, pathsMeet } from '../paths.ts';
import { hashContent, nothingAt, type HashOptions } from '../tree/content.ts';
import { trackedHere } from '../revisions/find-files.ts';
import { rulesFor } from '../tree/walk.ts';
import { DATA_SUFFIX, type TrackedData } from './data-files.ts';
import { ignoreInGit, refuseWhatGitTracks, stageInGit, writeWhole } from './git.ts';
import { mergedFolder } from './partial.ts';

export interface Added {
  /** Relative to the root. */
  readonly path: string;
  /** The `.dvc` file that tracks it. */
  readonly file: string;
  readonly content: Content;
  /** False: it was tracked already and is as it was. */
  readonly isChanged: boolean;
}

/**
 * Tracks files and folders: their bytes go into the cache, a `.dvc` file beside each says which, and Git leaves them out.
 * All is checked before anything is written.
 * @throws DomainError NOT_FOUND, INVALID_ARGUMENT, CONFLICT naming the path; STORAGE_FULL
 */
export async function addData(
  repository: Repository,
  given: readonly string[],
  onProgress?: HashOptions['onProgress'],
): Promise<Added[]> {
  const tracked = await trackedHere(repository);
  const targets = given.map((path) => targetOf(repository, pathInside(repository, path), tracked));
  refuseMeetingPaths(targets.map(({ path }) => path));
  const added: Added[] = [];
  const written: string[] = [];
  for (const target of targets) {
    const options = onProgress ? { onProgress } : {};
    const one = await addOne(repository, target, options);
    const ignored = ignoreInGit(repository, one.path);
    if (ignored !== undefined) written.push(ignored);
    if (one.isChanged) written.push(one.file);
    added.push(one);
  }
  stageInGit(repository, written);
  return added;
}

interface Target {
  readonly path: string;
  /** What tracks the path, or a folder that it lies in. */
  readonly tracked: TrackedData | undefined;
}

function targetOf(repository: Repository, path: string, all: readonly TrackedData[]): Target {
  const { root, rules } = repository;
  if (path === '') throw invalid('The root of a repository cannot be data of its own', { field: '.' });
  const stats = statSync(join(root, path), { throwIfNoEntry: false });
  if (!stats) throw nothingAt(path);
  if (path.endsWith(DATA_SUFFIX)) {
    throw invalid(`'${path}' is named like a file that tracks data`, { field: path, hint: 'Name the data itself.' });
  }
  if (rulesFor(root, '', rules).isIgnored(path, stats.isDirectory())) {
    throw invalid(`'${path}' is left out by .dvcignore`, { field: path, hint: 'Change the pattern that matches it.' });
  }
  const tracked = all.find((each) => path === each.path || path.startsWith(`${each.path}/`));
  const inside = all.find((each) => each.path.startsWith(`${path}/`));
  if (inside && !tracked) {
    throw conflict(`'${inside.path}', which lies in '${path}', is tracked by ${inside.file}`, {
      field: path,
      hint: `Add it there alone, or stop tracking it first: capstan remove ${inside.file}.`,
    });
  }
  if (!tracked) refuseWhatGitTracks(repository, path);
  return { path, tracked };
}

async function addOne(repository: Repository, { path, tracked }: Target, options: HashOptions): Promise<Added> {
  const place = tracked?.path ?? path;
  const hashed = await hashFor(repository, path, tracked, options);
  relink(repository, path, hashed);
  const content = path === place ? hashed.content : mergedFolder(repository, tracked, path, hashed);
  const file = tracked?.file ?? `${path}${DATA_SUFFIX}`;
  const whole = join(repository.root, file);
  const before = existsSync(whole) ? readFileSync(whole, 'utf8') : undefined;
  const after = writeDataFile(dataFile(tracked, place, content), before);
  if (after !== before) writeWhole(whole, after);
  return { path: place, file, content, isChanged: after !== before };
}

/** What DVC 2 hashed keeps its old hash for as long as it stays what it was. */
async function hashFor(
  repository: Repository,
  path: string,
  tracked: TrackedData | undefined,
  options: HashOptions,
): Promise<Hashed> {
  const store = repository.cache;
  if (tracked && tracked.path !== path) {
    const inside = await hashContent(repository, path, { ...options, scheme: tracked.output.scheme, store });
    if (inside) return inside;
  }
  if (tracked?.output.scheme === 'md5-dos2unix' && tracked.path === path) {
    const old = await hashContent(repository, path, { ...options, scheme: 'md5-dos2unix' });
    if (old && old.content.md5 === tracked.output.md5) {
      return (await hashContent(repository, path, { ...options, scheme: 'md5-dos2unix', store })) ?? old;
    }
  }
  const hashed = await hashContent(repository, path, { ...options, store });
  if (!hashed) throw nothingAt(path);
  return hashed;
}

/** Where the cache hands out links, the checkout holds links too: one copy of the bytes in all. */
export function relink({ root, cache }: Repository, path: string, { content, files }: Hashed): void {
  const [first] = cache.links;
  if (first !== 'hardlink' && first !== 'symlink') return;
  const placer = createPlacer(cache.links);
  for (const [index, inside] of files.paths.entries()) {
    const target = inside === '' ? join(root, path) : join(root, path, inside);
    const object = cache.fileOf({ md5: digestAt(files.digests, index), scheme: content.scheme });
    if (statSync(object).ino === statSync(target).ino) continue;
    placer.place(object, target, { isExecutable: content.isExecutable === true, isTaken: true });
  }
}

function dataFile(tracked: TrackedData | undefined, path: string, content: Content): DataFile {
  const settings: Omit<DataOutput, keyof Content> = tracked?.output ?? {
    path: nameOf(path),
    isCached: true,
    isPersistent: false,
    isPushed: true,
  };
  const output: DataOutput = {
    path: settings.path,
    isCached: settings.isCached,
    isPersistent: settings.isPersistent,
    isPushed: settings.isPushed,
    ...(settings.remote !== undefined && { remote: settings.remote }),
    ...content,
  };
  if (!tracked) return { outputs: [output], dependencies: [], isFrozen: false, workingDirectory: '.' };
  return { ...tracked.data, outputs: tracked.data.outputs.map((each) => (each === tracked.output ? output : each)) };
}

/** @throws DomainError CONFLICT where two of the paths are the same or lie in each other */
function refuseMeetingPaths(paths: readonly string[]): void {
  for (const [index, path] of paths.entries()) {
    const other = paths.slice(index + 1).find((each) => pathsMeet(each, path));
    if (other === undefined) continue;
    throw conflict(`'${other}' and '${path}' lie in each other`, { field: other, hint: 'Name one of them.' });
  }
}
