// One object of a cache, as files: written whole or not at all, read-only, shared by everyone who uses the cache.
import { randomBytes } from 'node:crypto';
import {
  chmodSync,
  closeSync,
  constants,
  existsSync,
  linkSync,
  mkdirSync,
  openSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { copyFile, open } from 'node:fs/promises';
import { dirname } from 'node:path';

/** DVC takes an object of this mode for whole without reading it. */
const OBJECT_MODE = 0o444;
const RUN_MODE = 0o644;
const OWNER_MAY_RUN = 0o100;

/** How a file comes into the cache: as a copy, or as a second name of the same file. */
export type StoreBy = 'copy' | 'hardlink';

const made = new Set<string>();

const ownPrefix = randomBytes(3).toString('hex');
const COUNTED = 1 << 24;
let temporaries = 0;

/** Of nobody else: each thread has a prefix of its own, and to ask for chance each time takes as long as to write. */
function temporaryName(): string {
  temporaries = (temporaries + 1) % COUNTED;
  return `${ownPrefix}${temporaries.toString(16).padStart(6, '0')}.tmp`;
}

/** Writes bytes under an object's name, unless it is there. */
export function storeBytes(object: string, bytes: Uint8Array): void {
  if (!existsSync(object)) placeBytes(object, bytes);
}

/** Writes bytes under an object's name, in the place of what is there. */
export function placeBytes(object: string, bytes: Uint8Array): void {
  placeObject(object, (temporary) => {
    const file = openSync(temporary, 'wx', OBJECT_MODE);
    try {
      for (let written = 0; written < bytes.length;) written += writeSync(file, bytes, written);
    } finally {
      closeSync(file);
    }
  });
}

/** Writes an entry of the run cache, which dvc leaves writable. */
export function placeRun(path: string, bytes: Uint8Array): void {
  placeObject(path, (temporary) => writeFileSync(temporary, bytes, { flag: 'wx', mode: RUN_MODE }));
}

/** Gives a file a second name in the cache; false where the file system cannot. */
export function storeLink(object: string, path: string): boolean {
  if (existsSync(object)) return true;
  try {
    placeObject(object, (temporary) => {
      linkSync(path, temporary);
      // The file in the checkout is the object now: who writes to it would change what its name says.
      chmodSync(temporary, OBJECT_MODE | (statSync(path).mode & OWNER_MAY_RUN));
    });
    return true;
  } catch (error) {
    if (isLinkRefusal(error)) return false;
    throw error;
  }
}

/** A copy that is made while somebody else hashes the file, and becomes an object when its name is known. */
export interface PendingCopy {
  readonly isWhole: Promise<void>;
  /** Gives the whole copy its name. */
  keep(object: string): void;
  /** Removes what was not kept; idempotent. */
  drop(): Promise<void>;
}

/** Copies by reference where the file system can. `cache` is where the temporary copy lies. */
export function beginCopy(cache: string, path: string): PendingCopy {
  makeFolder(cache);
  const temporary = `${cache}/.${temporaryName()}`;
  const isWhole = copyFile(path, temporary, constants.COPYFILE_FICLONE | constants.COPYFILE_EXCL);
  // Told to whoever waits for it.
  isWhole.catch(() => {});
  return {
    isWhole,
    keep(object) {
      if (existsSync(object)) return;
      chmodSync(temporary, OBJECT_MODE);
      makeFolder(dirname(object));
      renameSync(temporary, object);
    },
    async drop() {
      await isWhole.catch(() => {});
      rmSync(temporary, { force: true });
    },
  };
}

/** An object that comes in pieces and gets its name when it is known to be right. */
export interface IncomingObject {
  write(piece: Uint8Array): Promise<void>;
  /** Puts it in the place of what is there. */
  keep(object: string): Promise<void>;
  /** Removes what was not kept; idempotent. */
  drop(): Promise<void>;
}

/** `cache` is where the temporary file lies. */
export async function beginIncoming(cache: string): Promise<IncomingObject> {
  makeFolder(cache);
  const temporary = `${cache}/.${temporaryName()}`;
  const file = await open(temporary, 'wx', OBJECT_MODE);
  return {
    write: (piece) => file.writeFile(piece),
    async keep(object) {
      await file.close();
      makeFolder(dirname(object));
      renameSync(temporary, object);
    },
    async drop() {
      await file.close();
      rmSync(temporary, { force: true });
    },
  };
}

function placeObject(object: string, write: (temporary: string) => void): void {
  makeFolder(dirname(object));
  const temporary = `${object}.${temporaryName()}`;
  try {
    write(temporary);
    renameSync(temporary, object);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
}

function makeFolder(folder: string): void {
  if (made.has(folder)) return;
  mkdirSync(folder, { recursive: true });
  made.add(folder);
}

function isLinkRefusal(error: unknown): boolean {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return code === 'EXDEV' || code === 'EPERM' || code === 'ENOTSUP' || code === 'EMLINK' || code === 'EOPNOTSUPP';
}
