import { closeSync, fdatasync, openSync } from 'node:fs';
import { promisify } from 'node:util';
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { translatedFailure } from '#ports/full-disk';

/**
 * Takes the write-ahead log to the disk beside the event loop, for commits that do not wait for it: everyone who is served
 * would wait with them.
 */
export class LogSync {
  readonly #log: string;
  readonly #emptyLog: StatementSync;
  readonly #datasync: (file: number) => Promise<void>;
  #file: number | undefined;
  /** Why a part of the log may not be on the disk, if that is so. */
  #flaw: Error | undefined;

  /** @param datasync makes what was written to a file durable */
  constructor(path: string, writer: DatabaseSync, datasync = promisify(fdatasync)) {
    this.#log = `${path}-wal`;
    this.#emptyLog = writer.prepare('pragma wal_checkpoint(truncate)');
    this.#datasync = datasync;
  }

  /**
   * All that has been committed so far is on the disk once this is over.
   * @throws what the disk said, as STORAGE_FULL where it is full
   */
  async sync(): Promise<void> {
    if (this.#flaw !== undefined) throw this.#flaw;
    try {
      await this.#datasync((this.#file ??= openSync(this.#log, 'r+')));
    } catch (error) {
      const failure = translatedFailure(error);
      this.#flaw = failure instanceof Error ? failure : new Error(String(failure));
      throw this.#flaw;
    }
  }

  /**
   * To be called between transactions. Recovery reads the log up to its first flaw, so nothing behind one is safe, and the
   * system tells of it once: the database file takes over all that the log holds, and the log begins anew.
   * @throws why nothing can be written at present
   */
  mend(): void {
    if (this.#flaw === undefined) return;
    const { busy } = this.#emptyLog.get() as { busy: number };
    if (busy !== 0) throw this.#flaw;
    this.#flaw = undefined;
  }

  close(): void {
    if (this.#file !== undefined) closeSync(this.#file);
  }
}
