// Words of a checkout: what is tracked in it and by what it is known. Pure.
import type { HashScheme } from '#protocols/dvc';

/** Names content in the cache and on remotes; that of a folder ends in `.dir`. */
export interface ObjectId {
  readonly md5: string;
  readonly scheme: HashScheme;
}

export const isFolderId = ({ md5 }: Pick<ObjectId, 'md5'>): boolean => md5.endsWith('.dir');

/** What is at a path: by value, as a data file or lock file tells it. */
export interface Content extends ObjectId {
  /** Unknown for a folder in which only one path was looked at. */
  readonly sizeBytes?: number;
  /** Number of files, for a folder. */
  readonly fileCount?: number;
  readonly isExecutable?: true;
}

/**
 * Files of a folder, or one file (whose path is empty), sorted by the code points of their paths. Columns instead of an
 * object a file, since there may be a million.
 */
export interface FileList {
  /** Relative to the folder, with `/`. */
  readonly paths: readonly string[];
  readonly sizes: ArrayLike<number>;
  /** MD5 of file `n` at 16 × n. */
  readonly digests: Buffer;
}

/** A folder or file that was hashed. */
export interface Hashed {
  readonly content: Content;
  readonly files: FileList;
}

export const DIGEST_BYTES = 16;

/** Hex digest of a file of the list. */
export function digestAt(digests: Buffer, index: number): string {
  return digests.toString('hex', index * DIGEST_BYTES, (index + 1) * DIGEST_BYTES);
}

/** Digests of some files of the list, in the order given. */
export function digestsAt(digests: Buffer, indexes: readonly number[]): Buffer {
  const chosen = Buffer.allocUnsafe(indexes.length * DIGEST_BYTES);
  for (const [place, index] of indexes.entries()) {
    digests.copy(chosen, place * DIGEST_BYTES, index * DIGEST_BYTES, (index + 1) * DIGEST_BYTES);
  }
  return chosen;
}
