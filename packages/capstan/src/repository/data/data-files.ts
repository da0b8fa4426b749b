import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, posix } from 'node:path';
import { DomainError } from '#kernel/errors';
import { readDataFile, type DataFile, type DataOutput, type IgnoreRules } from '#protocols/dvc';
import { pathInside, type Repository } from '../open.ts';
import { pathsMeet } from '../paths.ts';
import { ignoreText } from '../tree/walk.ts';

/** A `.dvc` file and where it lies. */
export interface FoundDataFile {
  /** Relative to the root. */
  readonly file: string;
  readonly data: DataFile;
}

/** What a `.dvc` file tracks, by its place in the repository. */
export interface TrackedData {
  readonly file: string;
  /** Relative to the root. */
  readonly path: string;
  readonly output: DataOutput;
  readonly data: DataFile;
}

export const DATA_SUFFIX = '.dvc';

/** What the tree of a repository holds beside its code. */
export interface FoundFiles {
  /** Relative to the root, in the order of their paths. */
  readonly dataFiles: readonly FoundDataFile[];
  readonly pipelineFiles: readonly string[];
}

/**
 * Every `.dvc` and `dvc.yaml` of a repository. What is tracked is not looked into, nor are repositories inside.
 * @throws DomainError INVALID_ARGUMENT naming the place in a file that cannot be read
 */
export function findFiles(root: string, rules: IgnoreRules): FoundFiles {
  const found = { dataFiles: [] as FoundDataFile[], pipelineFiles: [] as string[], tracked: new Set<string>() };
  walk(root, '', rules.inFolder('', ignoreText(root, '')), found);
  return found;
}

interface Found {
  readonly dataFiles: FoundDataFile[];
  readonly pipelineFiles: string[];
  readonly tracked: Set<string>;
}

function walk(root: string, folder: string, rules: IgnoreRules, found: Found): void {
  const below: string[] = [];
  for (const entry of readdirSync(join(root, folder), { withFileTypes: true })) {
    const path = folder === '' ? entry.name : `${folder}/${entry.name}`;
    if (rules.isIgnored(path, entry.isDirectory())) continue;
    if (entry.isDirectory()) below.push(path);
    else if (entry.name === 'dvc.yaml') found.pipelineFiles.push(path);
    else if (entry.name.endsWith(DATA_SUFFIX) && entry.name !== DATA_SUFFIX)
      found.dataFiles.push(readFound(root, path, found));
  }
  for (const path of below.toSorted()) {
    if (found.tracked.has(path) || existsSync(join(root, path, '.dvc'))) continue;
    walk(root, path, rules.inFolder(path, ignoreText(root, path)), found);
  }
}

function readFound(root: string, file: string, found: Found): FoundDataFile {
  const data = readDataFile(readFileSync(join(root, file), 'utf8'), file);
  const one = { file, data };
  for (const { path } of trackedBy(one)) found.tracked.add(path);
  return one;
}

export function trackedBy({ file, data }: FoundDataFile): TrackedData[] {
  const folder = posix.join(posix.dirname(file), data.workingDirectory);
  return data.outputs.map((output) => ({ file, data, output, path: posix.join(folder, output.path) }));
}

/** Data that is, lies in, or holds one of the paths; all of it where no path is named. */
function chosenData(all: readonly TrackedData[], paths: readonly string[]): TrackedData[] {
  if (paths.length === 0) return [...all];
  return all.filter(({ path, file }) =>
    paths.some((asked) => asked === file || asked === '' || pathsMeet(asked, path)),
  );
}

/**
 * The data that a caller's paths name.
 * @throws DomainError NOT_FOUND for a path that nothing tracked meets; INVALID_ARGUMENT for one outside the repository
 */
export function namedData(
  repository: Pick<Repository, 'root' | 'here'>,
  all: readonly TrackedData[],
  given: readonly string[],
): TrackedData[] {
  const asked = given.map((path) => pathInside(repository, path));
  const unknown = asked.find((path) => chosenData(all, [path]).length === 0);
  if (unknown === undefined) return chosenData(all, asked);
  throw new DomainError('NOT_FOUND', `Nothing tracked is at '${unknown}'`, {
    field: unknown,
    hint: 'Track it with: capstan add.',
  });
}
