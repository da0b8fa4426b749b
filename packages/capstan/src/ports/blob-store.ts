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
 * Bytes to go through once, on their way to somewhere else. A piece is whole until the next is asked for, whose memory may
 * be the same: whoever keeps one copies it.
 */
export interface LentBytes extends AsyncIterable<Uint8Array> {
  /** Lets go of what they come from, where nobody goes through them to the end; idempotent. */
  close(): Promise<void>;
}

export interface PartOfUpload {
  /** From 1. */
  readonly number: number;
  readonly digest: Digest;
}

/**
 * Content-addressed bytes. A blob is whole or absent: it appears under its digest only when every byte is on disk.
 * Contract: ports/blob-store.contract.ts, run by every adapter.
 */
export interface BlobStore {
  /**
   * Stores the bytes and returns their digest; storing the same bytes again is cheap and has no other effect.
   * The pieces of a stream are the store's once it has them: it may free their memory, so nobody may use them again.
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
  /** As `read`, in memory that is used again: what large files take to go out. */
  lend(digest: Digest, range?: ByteRange): Promise<LentBytes>;
  /**
   * A local, read-only file with exactly these bytes, checked, for libraries that open paths (DuckDB, ONNX Runtime).
   * @throws DomainError NOT_FOUND, DATA_LOSS
   */
  localFile(digest: Digest): Promise<string>;
  /** Removes the blob; an absent one is no error. The caller knows that nothing refers to it. */
  delete(digest: Digest): Promise<void>;
  /**
   * Keeps one part of a file that comes in pieces, in any order; a number may be sent again. `upload` is a name that the
   * caller has made up: 16 to 100 letters, digits, `-` and `_`. Returns the part's digest and size.
   * @throws DomainError INVALID_ARGUMENT, STORAGE_FULL
   */
  putPart(
    part: { readonly upload: string; readonly number: number },
    bytes: Readable,
    expected?: Pick<Partial<Blob>, 'sizeBytes'>,
  ): Promise<Blob>;
  /**
   * Stores these parts, in this order, as one blob; they stay until they are dropped.
   * @throws DomainError INVALID_ARGUMENT for a part that is not there with this digest; DATA_LOSS for a damaged one
   */
  assemble(upload: string, parts: readonly PartOfUpload[]): Promise<Blob>;
  /** Removes the parts of an upload; none there is no error. */
  dropParts(upload: string): Promise<void>;
  /** Every upload of which parts are there and the last came at least `olderThanMs` ago (by real time). */
  listUploads(olderThanMs: number): AsyncIterable<string>;
  /**
   * Removes the blob unless it has been put within the last `graceMs` (by real time), also while this runs: whoever puts
   * bytes that nobody refers to yet finds them there afterwards. Returns the bytes freed, or undefined where it stays.
   */
  deleteUnused(digest: Digest, graceMs: number): Promise<number | undefined>;
  /** Every blob that is older than `olderThanMs` (by real time), for the sweep of orphans. */
  list(olderThanMs: number): AsyncIterable<Blob>;
}
