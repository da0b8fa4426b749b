import { posix } from 'node:path';
import { DomainError } from '#kernel/errors';
import type { DataFile, DataOutput } from '#protocols/dvc';
import { pathInside, type Repository } from '../open.ts';
import { pathsMeet } from '../paths.ts';

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
