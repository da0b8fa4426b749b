import type { Digest } from './blob-store.ts';

/** A module that refers to blobs. What none of them names may be deleted, so each says all that it has. */
export interface BlobHolder {
  readonly name: string;
  /** `table.column` of every place where its digests stand: a test holds them against the schema. */
  readonly columns: readonly string[];
  /** Digests, each perhaps more than once. Rows under `exceptRoots`, which are about to go, are left out. */
  digests(exceptRoots?: ReadonlySet<string>): AsyncIterable<Digest>;
}
