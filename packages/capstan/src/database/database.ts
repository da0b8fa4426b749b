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
   * For queries that may take long, searches above all: on SQLite threads answer them, and nobody who is served waits
   * meanwhile. A query costs some 0.1 ms more than by `read`. Sees what has been committed, too.
   * @param signal once aborted, its queries throw the reason; one that has not given its first rows yet is left to end
   */
  longRead(signal?: AbortSignal): Reader;
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

/** What queries outside a transaction need. */
export type ReadSide = Pick<Database, 'dialect' | 'read'>;

/** The database for those whose every query may take long, and is no longer wanted once the signal is aborted. */
export function forLongReads(database: Database, signal?: AbortSignal): ReadSide {
  return { dialect: database.dialect, read: database.longRead(signal) };
}
