import { AsyncLocalStorage } from 'node:async_hooks';

/** A step that may have to be waited for: SQLite answers at once, PostgreSQL over a socket. */
type Step = void | Promise<void>;

/** The transactions of one connection, as the group commit asks for them. */
export interface CommitTarget {
  /** A batch closes after so many writes. */
  readonly mostWrites: number;
  /** What the next transaction waits for, if anything. */
  turn(): Promise<void> | undefined;
  /** @param mustReachDisk false where all of the batch can be done again */
  begin(mustReachDisk: boolean): Step;
  savepoint(): Step;
  /** Throws where something of the write failed, even if the write itself passed over it. */
  release(): Step;
  /** Undoes what was done since the savepoint. Throws where the whole transaction is lost. */
  rollBackToSavepoint(): Step;
  commit(): Step;
  /** Never throws. */
  rollBack(): Step;
}

/** What is known inside a transaction: of what a write adds, those after it in the same transaction know, if it stays. */
export type Memo = Map<string, unknown>;

interface Task {
  readonly canBeRedone: boolean;
  run(memo: Memo): Promise<void>;
  resolve(): void;
  reject(error: unknown): void;
}

/** A batch closes after this long, so that the first of it does not wait for ever. */
const MAX_BATCH_MS = 10;
/** A turn takes some 10 µs where nothing is to do. */
const MOST_TURNS = 8;

/**
 * Lets concurrent writers share one commit, hence one fsync. Each write runs in its own savepoint: it is all or nothing
 * by itself, and it is acknowledged only when the shared commit is on disk.
 */
export class GroupCommit {
  readonly #target: CommitTarget;
  readonly #onCommit: () => void;
  readonly #queue: Task[] = [];
  readonly #inside = new AsyncLocalStorage<true>();
  #pumping: Promise<void> | undefined;

  constructor(target: CommitTarget, onCommit: () => void) {
    this.#target = target;
    this.#onCommit = onCommit;
  }

  write<Result>(work: (memo: Memo) => Promise<Result>, canBeRedone = false): Promise<Result> {
    if (this.#inside.getStore()) {
      return Promise.reject(
        new Error('Database.write inside Database.write would wait for itself: pass the writer on'),
      );
    }
    return new Promise<Result>((resolve, reject) => {
      let result: Result;
      this.#queue.push({
        canBeRedone,
        run: async (memo) => {
          result = await this.#inside.run(true, work, memo);
        },
        resolve: () => resolve(result),
        reject,
      });
      this.#pumping ??= this.#pump();
    });
  }

  /** Waits for the writes in hand. */
  async drain(): Promise<void> {
    await this.#pumping;
  }

  async #pump(): Promise<void> {
    while (this.#queue.length > 0) {
      await this.#gather();
      for (let hold = this.#target.turn(); hold; hold = this.#target.turn()) await hold;
      await this.#commitBatch();
    }
    this.#pumping = undefined;
  }

  /** Turns of the event loop for as long as each brings another writer: one commit for all costs less than one for each. */
  async #gather(): Promise<void> {
    for (let turn = 0; turn < MOST_TURNS; turn++) {
      const before = this.#queue.length;
      await new Promise((resolve) => setImmediate(resolve));
      if (this.#queue.length === before) return;
    }
  }

  async #commitBatch(): Promise<void> {
    const written: Task[] = [];
    // From the end of the first write on: what the transaction itself waited for must not make batches of one.
    let deadline = Number.POSITIVE_INFINITY;
    const mustReachDisk = this.#queue.some((task) => !task.canBeRedone);
    let known: Memo = new Map();
    try {
      await this.#target.begin(mustReachDisk);
    } catch (error) {
      for (const task of this.#queue.splice(0)) task.reject(error);
      return;
    }
    while (written.length < this.#target.mostWrites && performance.now() < deadline) {
      const task = this.#queue[0];
      // One that has come since and must reach the disk gets a batch that does.
      if (!task || (!mustReachDisk && !task.canBeRedone)) break;
      this.#queue.shift();
      const memo: Memo = new Map(known);
      const outcome = await this.#runInSavepoint(task, memo);
      if (deadline === Number.POSITIVE_INFINITY) deadline = performance.now() + MAX_BATCH_MS;
      if (outcome === 'written') {
        known = memo;
        written.push(task);
      }
      if (typeof outcome === 'object') {
        // What the others wrote is gone with it. Those that still wait get a transaction of their own.
        for (const lost of written) lost.reject(outcome.lostBy);
        return;
      }
    }
    try {
      await this.#target.commit();
    } catch (error) {
      await this.#target.rollBack();
      for (const task of written) task.reject(error);
      return;
    }
    for (const task of written) task.resolve();
    this.#onCommit();
  }

  async #runInSavepoint(task: Task, memo: Memo): Promise<'written' | 'refused' | { readonly lostBy: unknown }> {
    try {
      await this.#target.savepoint();
      await task.run(memo);
      await this.#target.release();
      return 'written';
    } catch (error) {
      task.reject(error);
      try {
        await this.#target.rollBackToSavepoint();
        return 'refused';
      } catch {
        // The whole transaction is gone: SQLite has rolled it back by itself, as it does where a disk is full, or the
        // connection to PostgreSQL is lost. Another savepoint of SQLite would begin a transaction of its own and commit at
        // its release, before anyone is told.
        await this.#target.rollBack();
        return { lostBy: error };
      }
    }
  }
}
