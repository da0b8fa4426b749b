import { posix } from 'node:path';
import type { Place } from './place.ts';

/**
 * Path of `written`, which is relative to `workingDirectory`, relative to the project's folder instead.
 * @throws DomainError INVALID_ARGUMENT for what is not a path inside the folder; NOT_IMPLEMENTED for addresses
 */
export function projectPath(written: string, workingDirectory: string, place: Place): string {
  if (written === '') throw place.error('the path is empty');
  if (/^[a-zA-Z][a-zA-Z0-9+.-]*:\/\//.test(written)) {
    throw place.error(
      `'${written}' is an address, which is not offered yet`,
      'Register the data as a dataset and depend on the path that capstan.yaml gives it.',
    );
  }
  if (written.includes('\\') || written.includes('\0')) {
    throw place.error(`'${written}' is not a path with forward slashes`);
  }
  const path = posix.normalize(posix.join(workingDirectory, written)).replace(/\/$/, '');
  if (posix.isAbsolute(written) || path === '..' || path.startsWith('../')) {
    throw place.error(
      `'${written}' leads out of the project's folder`,
      'A run sees a copy of that folder and its datasets, nothing else.',
    );
  }
  return path;
}
