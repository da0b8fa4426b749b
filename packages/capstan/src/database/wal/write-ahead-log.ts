import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { AskedThread } from '../asked-thread.ts';

/** In pages of 4 KiB: long enough that most pages are written to the file once for many commits. */
const LONG = 4_000;
/** So little is copied while writers wait. */
const SHORT = 500;
/** Writers wait for the pass in hand past this, so that the log cannot outgrow the disk. */
const MOST = 32_000;
/** A pass that failed, on a full disk say, is not tried again at once. */
const RETRY_MS = 1_000;

/**
 * Copies the write-ahead log into the database file beside the event loop, which SQLite by itself does within some commit:
 * all who are served would wait for the disk meanwhile. A thread does it, from when the log is first long enough. The
 * connection that writes has `wal_autocheckpoint = 0`.
 */
export class WriteAheadLog {
  readonly #path: string;
  readonly #entry: URL;
  readonly #ownPass: StatementSync;
  readonly #state: StatementSync;
  #thread: AskedThread<'pass', boolean> | undefined;
  #pass: Promise<void> | undefined;
  #retryAt = 0;
  #hold: Promise<void> | undefined;

  /** @param entry of the thread */
  constructor(path: string, writer: DatabaseSync, entry = new URL('./checkpoint-thread.ts', import.meta.url)) {
    this.#path = path;
    this.#entry = entry;
    this.#ownPass = writer.prepare('pragma wal_checkpoint(passive)');
    this.#state = writer.prepare('pragma wal_checkpoint(noop)');
  }

  /** To be called before a transaction begins: what it waits for, if anything. */
  turn(): Promise<void> | undefined {
    return this.#hold;
  }

  /** To be called after each commit. */
  grown(): void {
    const { length, copied } = this.#lengths();
    if (length - copied < LONG) return;
    if (this.#pass) {
      if (length >= MOST) this.#hold = this.#pass;
      return;
    }
    if (performance.now() >= this.#retryAt) this.#pass = this.#copyAll();
  }

  async close(): Promise<void> {
    await this.#pass;
    await this.#thread?.close();
  }

  /**
   * Passes beside the writers until little is left; then one while they wait, which gets to the end of the log, so that the
   * next transaction begins it anew.
   */
  async #copyAll(): Promise<void> {
    let left = LONG;
    let before: number;
    do {
      before = left;
      await this.#copy();
      const { length, copied } = this.#lengths();
      left = length - copied;
    } while (left > SHORT && left < before);
    if (left <= LONG) {
      this.#hold = this.#copy();
      await this.#hold;
    }
    this.#hold = undefined;
    this.#pass = undefined;
  }

  async #copy(): Promise<void> {
    const isCopied = (await this.#copyByThread()) ?? this.#copyHere();
    if (!isCopied) this.#retryAt = performance.now() + RETRY_MS;
  }

  /** @returns undefined where there is no thread */
  async #copyByThread(): Promise<boolean | undefined> {
    try {
      this.#thread ??= new AskedThread(this.#entry, 'checkpoints', this.#path);
    } catch {
      return undefined;
    }
    const isCopied = await this.#thread.ask('pass');
    if (isCopied === undefined) this.#thread = undefined;
    return isCopied;
  }

  /** Where there is no thread, as without memory for one: the log must not outgrow the disk. */
  #copyHere(): boolean {
    try {
      this.#ownPass.get();
      return true;
    } catch {
      return false;
    }
  }

  #lengths(): { length: number; copied: number } {
    const row = this.#state.get() as { log: number; checkpointed: number };
    return { length: row.log, copied: row.checkpointed };
  }
}
