import type { Readable } from 'node:stream';

/** `sha256:` and 64 lower-case hex digits. */
export type Digest = `sha256:${string}`;

export interface Blob {
  readonly digest: Digest;
  readonly sizeBytes: number;
}

export interface ByteRange {
  /** First byte, from 0. */
  readonly start: number;
  /** Last byte, included. */
  readonly end: number;
}

/**
 * Content-addressed bytes. A blob is whole or absent: it appears under its digest only when every byte is on disk.
 * Contract: ports/blob-store.contract.ts, run by every adapter.
 */
export interface BlobStore {
  /**
   * Stores the bytes and returns their digest; storing the same bytes again is cheap and has no other effect.
   * With `expected`, refuses (INVALID_ARGUMENT, nothing kept) bytes whose digest or size differs, e.g. a cut upload.
   * @throws DomainError STORAGE_FULL when there is no space; nothing is kept.
   */
  put(bytes: Readable | Uint8Array, expected?: Partial<Blob>): Promise<Blob>;
  /** @throws DomainError NOT_FOUND */
  stat(digest: Digest): Promise<Blob>;
  has(digest: Digest): Promise<boolean>;
  /**
   * The bytes, whole or a range. A whole read checks the digest and fails with DATA_LOSS before its end when it differs.
   * @throws DomainError NOT_FOUND
   */
  read(digest: Digest, range?: ByteRange): Promise<Readable>;
  /**
   * A local, read-only file with exactly these bytes, checked, for libraries that open paths (DuckDB, ONNX Runtime).
   * @throws DomainError NOT_FOUND, DATA_LOSS
   */
  localFile(digest: Digest): Promise<string>;
  /** Removes the blob; an absent one is no error. The caller knows that nothing refers to it. */
  delete(digest: Digest): Promise<void>;
  /**
   * Removes the blob unless it has been put within the last `graceMs` (by real time), also while this runs: whoever puts
   * bytes that nobody refers to yet finds them there afterwards. Returns the bytes freed, or undefined where it stays.
   */
  deleteUnused(digest: Digest, graceMs: number): Promise<number | undefined>;
  /** Every blob that is older than `olderThanMs` (by real time), for the sweep of orphans. */
  list(olderThanMs: number): AsyncIterable<Blob>;
}
