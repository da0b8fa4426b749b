import { chmodSync, constants, copyFileSync, linkSync, mkdirSync, rmSync, symlinkSync } from 'node:fs';
import { dirname } from 'node:path';
import { DomainError } from '#kernel/errors';
import type { LinkType } from '#protocols/dvc';

/** What DVC leaves of the mode of a file that may be run. */
const OWNER_MAY_RUN = 0o100;
const WRITABLE = 0o666;
const EXCL = constants.COPYFILE_EXCL;

/** Brings objects into the checkout. */
export interface Placer {
  /**
   * By the first way that the file system knows. Copies can be written to; links are read-only, since the cache shares them.
   * @param isTaken something is there, which goes
   * @throws DomainError INVALID_ARGUMENT where none of the ways works; CONFLICT where an ignored file is there; STORAGE_FULL
   */
  place(object: string, target: string, how: { isExecutable: boolean; isTaken: boolean }): void;
}

/** A way that was refused once is not tried again, and a folder is made once: there may be a million files. */
export function createPlacer(links: readonly LinkType[]): Placer {
  let left = links;
  const made = new Set<string>();
  const umask = process.umask();

  return {
    place(object, target, { isExecutable, isTaken }) {
      const folder = dirname(target);
      if (!made.has(folder)) mkdirSync(folder, { recursive: true });
      made.add(folder);
      if (isTaken) rmSync(target, { force: true, recursive: true });
      for (const link of left) {
        try {
          ways[link](object, target);
        } catch (error) {
          if (isCode(error, 'EEXIST')) throw inTheWay(target);
          rmSync(target, { force: true });
          if (isFull(error)) {
            throw new DomainError('STORAGE_FULL', `There is no space left for ${target}`, {
              field: target,
              cause: error,
            });
          }
          if (link === left.at(-1)) throw noWay(links, target, error);
          continue;
        }
        left = left.slice(left.indexOf(link));
        // A copy has the mode of the object, which nobody may write to.
        if (link === 'copy' || link === 'reflink') {
          chmodSync(target, (WRITABLE | (isExecutable ? OWNER_MAY_RUN : 0)) & ~umask);
        }
        return;
      }
    },
  };
}

const ways: Readonly<Record<LinkType, (object: string, target: string) => void>> = {
  reflink: (object, target) => copyFileSync(object, target, EXCL | constants.COPYFILE_FICLONE_FORCE),
  copy: (object, target) => copyFileSync(object, target, EXCL),
  hardlink: linkSync,
  symlink: symlinkSync,
};

function noWay(links: readonly LinkType[], target: string, cause: unknown): DomainError {
  return new DomainError('INVALID_ARGUMENT', `No object can be brought to ${target} as ${links.join(' or ')}`, {
    field: 'cache.type',
    hint: 'Allow copies: write "type = reflink,copy" under [cache] in .dvc/config.',
    cause,
  });
}

/** What .dvcignore leaves out is nobody's to write over. */
function inTheWay(target: string): DomainError {
  return new DomainError('CONFLICT', `Something that .dvcignore leaves out lies at ${target}`, {
    field: target,
    hint: 'Move it away, or change the pattern.',
  });
}

const isFull = (error: unknown): boolean => isCode(error, 'ENOSPC') || isCode(error, 'EDQUOT');

function isCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}
