// What a thread is asked to do, and the doing: the same code runs without threads for a handful of files.
import { statSync } from 'node:fs';
import { objectPath, type HashScheme } from '#protocols/dvc';
import { beginCopy, storeBytes, storeLink, type StoreBy } from '../cache/object-files.ts';
import { DIGEST_BYTES } from '../model.ts';
import { hashFile, type HashedBytes } from './md5-file.ts';

/** Files to hash, and to keep in a cache where one is named. */
export interface HashTask {
  readonly root: string;
  /** Relative to the root; an empty one is the root itself. */
  readonly paths: readonly string[];
  /** As a walk found them: where one is wrong the file is hashed all the same. */
  readonly sizes: readonly number[];
  readonly scheme: HashScheme;
  readonly store: { readonly cache: string; readonly by: StoreBy } | null;
}

/** A file that could not be read or kept. */
export interface HashFailure {
  readonly path: string;
  readonly code: string;
  readonly message: string;
}

export interface HashOutcome {
  readonly digests: Uint8Array;
  readonly sizes: readonly number[];
  /** The first failure ends the task. */
  readonly failure: HashFailure | null;
}

/** Above it a file is copied while it is hashed, by another thread of the runtime. */
const COPIED_APART_BYTES = 1 << 20;

export async function doHashTask(task: HashTask): Promise<HashOutcome> {
  const digests = new Uint8Array(task.paths.length * DIGEST_BYTES);
  const sizes: number[] = [];
  for (const [index, path] of task.paths.entries()) {
    try {
      const whole = path === '' ? task.root : `${task.root}/${path}`;
      const isSmall = (task.sizes[index] ?? 0) < COPIED_APART_BYTES;
      const { digest, sizeBytes } =
        (isSmall ? keepSmall(task, whole, task.sizes[index]) : undefined) ?? (await keepLarge(task, whole));
      digests.set(digest, index * DIGEST_BYTES);
      sizes.push(sizeBytes);
    } catch (error) {
      const code = error instanceof Error && 'code' in error ? String(error.code) : 'UNKNOWN';
      const message = error instanceof Error ? error.message : String(error);
      return { digests, sizes, failure: { path, code, message } };
    }
  }
  return { digests, sizes, failure: null };
}

/** What was hashed is what is kept: it is at hand. Undefined for a file that is too large for that by now. */
function keepSmall({ store, scheme }: HashTask, path: string, sizeBytes?: number): HashedBytes | undefined {
  const hashed = hashFile(path, scheme === 'md5-dos2unix', sizeBytes);
  if (store === null) return hashed;
  const object = objectOf(store.cache, hashed, scheme);
  if (store.by === 'hardlink' && storeLink(object, path)) return hashed;
  if (!hashed.bytes) return undefined;
  storeBytes(object, hashed.bytes);
  return hashed;
}

async function keepLarge({ store, scheme }: HashTask, path: string): Promise<HashedBytes> {
  const isDos2unix = scheme === 'md5-dos2unix';
  if (store === null) return hashFile(path, isDos2unix);
  const before = statSync(path);
  let copy = store.by === 'copy' ? beginCopy(store.cache, path) : undefined;
  try {
    const hashed = hashFile(path, isDos2unix);
    const object = objectOf(store.cache, hashed, scheme);
    if (store.by === 'hardlink' && storeLink(object, path)) return hashed;
    copy ??= beginCopy(store.cache, path);
    await copy.isWhole;
    const after = statSync(path);
    // A copy of something that changed meanwhile would stand under a wrong name for ever.
    if (after.mtimeMs !== before.mtimeMs || after.size !== before.size) throw new ChangedMeanwhile(path);
    copy.keep(object);
    return hashed;
  } finally {
    await copy?.drop();
  }
}

function objectOf(cache: string, { digest }: HashedBytes, scheme: HashScheme): string {
  return `${cache}/${objectPath(digest.toString('hex'), scheme)}`;
}

class ChangedMeanwhile extends Error {
  readonly code = 'ECHANGED';
  constructor(path: string) {
    super(`${path} changed while it was read`);
  }
}
