import {
  chmodSync,
  closeSync,
  constants,
  copyFileSync,
  linkSync,
  mkdirSync,
  openSync,
  readSync,
  rmSync,
  symlinkSync,
  writeSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { DomainError } from '#kernel/errors';
import type { LinkType } from '#protocols/dvc';

/** What DVC leaves of the mode of a file that may be run. */
const OWNER_MAY_RUN = 0o100;
const WRITABLE = 0o666;
/** Above it the system copies. */
const SMALL_BYTES = 64 << 10;
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

  return {
    place(object, target, { isExecutable, isTaken }) {
      const folder = dirname(target);
      if (!made.has(folder)) mkdirSync(folder, { recursive: true });
      made.add(folder);
      if (isTaken) rmSync(target, { force: true, recursive: true });
      for (const link of left) {
        try {
          ways[link](object, target, isExecutable ? WRITABLE | OWNER_MAY_RUN : WRITABLE);
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
        return;
      }
    },
  };
}

/** By the mode that a file which may be written to gets, before what this process takes from it. */
const ways: Readonly<Record<LinkType, (object: string, target: string, mode: number) => void>> = {
  reflink(object, target, mode) {
    copyFileSync(object, target, EXCL | constants.COPYFILE_FICLONE_FORCE);
    chmodSync(target, mode & ~process.umask());
  },
  copy(object, target, mode) {
    if (copySmall(object, target, mode)) return;
    copyFileSync(object, target, EXCL);
    // A copy has the mode of the object, which nobody may write to.
    chmodSync(target, mode & ~process.umask());
  },
  hardlink: linkSync,
  symlink: (object, target) => symlinkSync(object, target),
};

let piece: Buffer | undefined;

/** Through memory, which takes two thirds of the time; false for what is not small. */
function copySmall(object: string, target: string, mode: number): boolean {
  piece ??= Buffer.allocUnsafeSlow(SMALL_BYTES);
  const from = openSync(object, 'r');
  let size = 0;
  try {
    for (let read = -1; read !== 0 && size < SMALL_BYTES; size += read) {
      read = readSync(from, piece, size, SMALL_BYTES - size, null);
    }
  } finally {
    closeSync(from);
  }
  if (size === SMALL_BYTES) return false;
  const to = openSync(target, 'wx', mode);
  try {
    for (let written = 0; written < size;) written += writeSync(to, piece, written, size - written);
  } finally {
    closeSync(to);
  }
  return true;
}

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
