import { AsyncLocalStorage } from 'node:async_hooks';

/** What the group commit asks of a connection. */
export interface CommitTarget {
  exec(text: string): void;
  /** What the next transaction waits for, if anything. */
  turn(): Promise<void> | undefined;
}

interface Task {
  readonly canBeRedone: boolean;
  run(): Promise<void>;
  resolve(): void;
  reject(error: unknown): void;
}

/** A batch closes after this many writes or this long, so that the first of it does not wait for ever. */
const MAX_BATCH_WRITES = 256;
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
  #isWaitingForDisk = true;

  constructor(target: CommitTarget, onCommit: () => void) {
    this.#target = target;
    this.#onCommit = onCommit;
  }

  write<Result>(work: () => Promise<Result>, canBeRedone = false): Promise<Result> {
    if (this.#inside.getStore()) {
      return Promise.reject(
        new Error('Database.write inside Database.write would wait for itself: pass the writer on'),
      );
    }
    return new Promise<Result>((resolve, reject) => {
      let result: Result;
      this.#queue.push({
        canBeRedone,
        run: async () => {
          result = await this.#inside.run(true, work);
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
    const deadline = performance.now() + MAX_BATCH_MS;
    const mustReachDisk = this.#queue.some((task) => !task.canBeRedone);
    try {
      this.#waitForDisk(mustReachDisk);
      this.#target.exec('begin immediate');
    } catch (error) {
      for (const task of this.#queue.splice(0)) task.reject(error);
      return;
    }
    while (written.length < MAX_BATCH_WRITES && performance.now() < deadline) {
      const task = this.#queue[0];
      // One that has come since and must reach the disk gets a batch that does.
      if (!task || (!mustReachDisk && !task.canBeRedone)) break;
      this.#queue.shift();
      const outcome = await this.#runInSavepoint(task);
      if (outcome === 'written') written.push(task);
      if (typeof outcome === 'object') {
        // What the others wrote is gone with it. Those that still wait get a transaction of their own.
        for (const lost of written) lost.reject(outcome.lostBy);
        return;
      }
    }
    try {
      this.#target.exec('commit');
    } catch (error) {
      this.#rollBack();
      for (const task of written) task.reject(error);
      return;
    }
    for (const task of written) task.resolve();
    this.#onCommit();
  }

  /** Only between transactions: inside one, SQLite passes over it. */
  #waitForDisk(mustReachDisk: boolean): void {
    if (mustReachDisk === this.#isWaitingForDisk) return;
    // NORMAL in WAL mode: the log is written at once and synced later, with the next commit that is, or by a checkpoint.
    this.#target.exec(`pragma synchronous = ${mustReachDisk ? 'full' : 'normal'}`);
    this.#isWaitingForDisk = mustReachDisk;
  }

  async #runInSavepoint(task: Task): Promise<'written' | 'refused' | { readonly lostBy: unknown }> {
    try {
      this.#target.exec('savepoint one_write');
      await task.run();
      this.#target.exec('release one_write');
      return 'written';
    } catch (error) {
      task.reject(error);
      try {
        this.#target.exec('rollback to one_write');
        this.#target.exec('release one_write');
        return 'refused';
      } catch {
        // SQLite has rolled the whole transaction back by itself, as it does where a disk is full. Another savepoint would
        // begin a transaction of its own and commit at its release, before anyone is told.
        this.#rollBack();
        return { lostBy: error };
      }
    }
  }

  #rollBack(): void {
    try {
      this.#target.exec('rollback');
    } catch {
      // Nothing is open: SQLite rolled back by itself.
    }
  }
}
