import { posix } from 'node:path';
import { DomainError } from '#kernel/errors';
import type { StageInput } from '#kernel/pipeline-definition';
import type { Place } from '../text/place.ts';

/** What a pipeline may name besides files below its own folder. */
export interface Reach {
  /** How many folders above the pipeline file belong to the repository. */
  readonly foldersAbove: number;
  /** Addresses and paths elsewhere are refused, or kept as `outside`. */
  readonly outside: 'refused' | 'kept';
}

/** A project that the server copies: there is nothing but its folder. */
export const PROJECT_ONLY: Reach = { foldersAbove: 0, outside: 'refused' };

type Located = Pick<StageInput, 'file' | 'outside'>;

/**
 * Where `written`, which is relative to `workingDirectory`, is relative to the folder of the pipeline file.
 * @throws DomainError INVALID_ARGUMENT for what is no path; where `reach` refuses it, for what is outside
 */
export function locate(written: string, workingDirectory: string, place: Place, reach: Reach): Located {
  if (written === '') throw place.error('the path is empty');
  const scheme = /^([a-zA-Z][a-zA-Z0-9+.-]*):\/\//.exec(written)?.[1]?.toLowerCase();
  if (scheme !== undefined) {
    if (reach.outside === 'kept') return { file: written, outside: scheme === 'ds' ? 'dataset' : 'address' };
    if (scheme === 'ds') throw notOffered(place, `'${written}' is a dataset of dvc.yaml`);
    throw place.error(
      `'${written}' is an address, which is not offered yet`,
      'Register the data as a dataset and depend on the path that capstan.yaml gives it.',
    );
  }
  if (written.includes('\\') || written.includes('\0')) {
    throw place.error(`'${written}' is not a path with forward slashes`);
  }
  const path = posix.normalize(posix.join(workingDirectory, written)).replace(/\/$/, '');
  const above = path.split('/').findIndex((step) => step !== '..');
  const foldersAbove = above < 0 ? path.split('/').length : above;
  if (!posix.isAbsolute(written) && foldersAbove <= reach.foldersAbove) return { file: path };
  if (reach.outside === 'kept') return { file: posix.isAbsolute(written) ? written : path, outside: 'path' };
  throw place.error(
    `'${written}' leads out of the project's folder`,
    'A run sees a copy of that folder and its datasets, nothing else.',
  );
}

/** The same for what must be in the repository: a working directory, a file of values. */
export function projectPath(written: string, workingDirectory: string, place: Place, reach: Reach): string {
  return locate(written, workingDirectory, place, { ...reach, outside: 'refused' }).file;
}

function notOffered(place: Place, message: string): DomainError {
  return new DomainError('NOT_IMPLEMENTED', `${place.text}: ${message}, which is not offered yet`, {
    field: place.text,
    hint: 'Pipelines that use it still run with dvc itself.',
  });
}
