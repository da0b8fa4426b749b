import type { Kysely } from 'kysely';
import type { Dialect } from './dialect/dialect.ts';
import type { Schema } from './schema/index.ts';

/** Queries outside a transaction; sees what has been committed. */
export type Reader = Kysely<Schema>;

/** Queries inside one transaction, given to the function passed to `write`. */
export type Writer = Kysely<Schema>;

export interface WriteOptions {
  /**
   * For what is done again where it is lost: SQLite does not wait for the disk. The end of the process loses nothing of it
   * even so; a power failure may, together with what came after it, up to the last write that was waited for.
   */
  readonly canBeRedone?: boolean;
}

export interface Database {
  readonly dialect: Dialect;
  readonly read: Reader;
  /**
   * Runs `work` in one transaction and returns its result once that is on disk. Concurrent calls on SQLite share one
   * commit, and so do those on PostgreSQL; each is still all or nothing. Writes go one after another, also those of other
   * servers: what `work` reads stays true while it writes. It must do nothing but queries: it holds the only writer.
   * @throws whatever `work` throws, after rolling back; DomainError STORAGE_FULL when the disk is full
   */
  write<Result>(work: (writer: Writer) => Promise<Result>, options?: WriteOptions): Promise<Result>;
  /** Called after each commit, so that those who wait for facts look again. Returns the function that stops it. */
  onCommit(listener: () => void): () => void;
  close(): Promise<void>;
}
