import { posix } from 'node:path';
import { invalid } from '#kernel/errors';

// A dataset's declared path, e.g. `data/flights/*.parquet`, is a folder (`data/flights`) and a pattern below it
// (`*.parquet`). Files of a version are named below the folder, so that they can be laid out in any workspace.

/** The folder of a dataset, below the project's: everything before the first part with a wildcard, or before the name. */
export function datasetFolder(declaredPath: string): string {
  const parts = declaredPath.split('/');
  const wild = parts.findIndex((part) => part.includes('*'));
  return parts.slice(0, wild < 0 ? -1 : wild).join('/');
}

function patternOf(declaredPath: string): string {
  const folder = datasetFolder(declaredPath);
  return folder === '' ? declaredPath : declaredPath.slice(folder.length + 1);
}

/**
 * The name below the dataset's folder of a file that lies at `projectPath`: one from elsewhere in the project comes in
 * under its own name.
 * @throws DomainError INVALID_ARGUMENT when it would lie where the declared path does not reach
 */
export function placeOf(declaredPath: string, projectPath: string): string {
  const folder = datasetFolder(declaredPath);
  const isInside = folder === '' || projectPath.startsWith(`${folder}/`);
  const place =
    isInside && folder !== ''
      ? projectPath.slice(folder.length + 1)
      : isInside
        ? projectPath
        : posix.basename(projectPath);
  assertReached(declaredPath, place);
  return place;
}

/** @throws DomainError INVALID_ARGUMENT when the pipeline, which reads the declared path, would not see the file */
export function assertReached(declaredPath: string, place: string): void {
  if (posix.matchesGlob(place, patternOf(declaredPath))) return;
  throw invalid(`${posix.join(datasetFolder(declaredPath), place)} is not among the files that ${declaredPath} names`, {
    field: place,
    hint: 'Rename the file, or change the path of the dataset in capstan.yaml.',
  });
}

/** The name of a file that a derived version is written to: one that the declared path reaches, in its format. */
export function derivedPlace(declaredPath: string | undefined, name: string): string {
  if (declaredPath === undefined) return `${name}.parquet`;
  const parts = patternOf(declaredPath).split('/');
  return parts
    .filter((part) => part !== '**')
    .map((part) => part.replaceAll(/\*+/g, name))
    .join('/');
}

/** Whether a version of the dataset may be made of files with these names. */
export function canHold(declaredPath: string | undefined, places: readonly string[]): boolean {
  if (!declaredPath?.includes('*')) return false;
  const pattern = patternOf(declaredPath);
  return places.every((place) => posix.matchesGlob(place, pattern));
}

/** @throws DomainError INVALID_ARGUMENT for a name that could lead out of the folder it is laid into */
export function assertSafePlace(place: string): void {
  const isSafe =
    /^[^\\\0]{1,512}$/.test(place) && place.split('/').every((part) => part !== '' && part !== '.' && part !== '..');
  if (!isSafe)
    throw invalid(`'${place}' is no name for a file of a dataset`, {
      field: 'files',
      hint: 'Use a relative path with /.',
    });
}
