import { chmodSync, constants, copyFileSync, linkSync, mkdirSync, rmSync, symlinkSync } from 'node:fs';
import { dirname } from 'node:path';
import { DomainError } from '#kernel/errors';
import type { LinkType } from '#protocols/dvc';

/** What DVC leaves of the mode of a file that may be run. */
const OWNER_MAY_RUN = 0o100;
const WRITABLE = 0o666;

/**
 * Brings an object into the checkout, by the first way that the file system knows. What was there is gone then.
 * Copies can be written to; links are read-only, since the cache shares them.
 * @throws DomainError INVALID_ARGUMENT where none of the ways works; STORAGE_FULL
 */
export function placeObject(object: string, target: string, links: readonly LinkType[], isExecutable: boolean): void {
  mkdirSync(dirname(target), { recursive: true });
  rmSync(target, { force: true, recursive: true });
  for (const link of links) {
    try {
      ways[link](object, target);
    } catch (error) {
      rmSync(target, { force: true });
      if (isFull(error)) {
        throw new DomainError('STORAGE_FULL', `There is no space left for ${target}`, { field: target, cause: error });
      }
      if (link !== links.at(-1)) continue;
      throw new DomainError('INVALID_ARGUMENT', `No object can be brought to ${target} as ${links.join(' or ')}`, {
        field: 'cache.type',
        hint: 'Allow copies: capstan data config cache.type reflink,copy.',
        cause: error,
      });
    }
    if (link === 'copy' || link === 'reflink') chmodSync(target, modeOf(isExecutable));
    return;
  }
}

const ways: Readonly<Record<LinkType, (object: string, target: string) => void>> = {
  reflink: (object, target) => copyFileSync(object, target, constants.COPYFILE_FICLONE_FORCE),
  copy: (object, target) => copyFileSync(object, target),
  hardlink: linkSync,
  symlink: symlinkSync,
};

function modeOf(isExecutable: boolean): number {
  return (WRITABLE | (isExecutable ? OWNER_MAY_RUN : 0)) & ~process.umask();
}

function isFull(error: unknown): boolean {
  return error instanceof Error && 'code' in error && (error.code === 'ENOSPC' || error.code === 'EDQUOT');
}
