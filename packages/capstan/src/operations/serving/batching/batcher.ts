import { randomUUID } from 'node:crypto';
import { DomainError } from '#kernel/errors';
import { nothingBatched, type BatchCounts } from './batch-counts.ts';
import { createLanes, type Lane } from './lanes.ts';
import { nextMostRows, rowsToTake, type BatchingOptions } from './model.ts';
import { goneCaller, noAnswer, refused, tooLate, tooMuch } from './refused.ts';

/** The rows that were computed together in one execution. */
export interface BatchFacts {
  readonly id: string;
  /** Rows of all its requests. */
  readonly rows: number;
  /** Those of the request that is told. */
  readonly own: number;
  /** Times of `performance.now()`. */
  readonly startedAt: number;
  readonly endedAt: number;
}

export interface Wait {
  /** Time of `performance.now()`. */
  readonly deadline?: number | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Who has such a signal, and makes it when it is asked for: it is, where the wait may be long. */
  readonly caller?: { readonly signal: AbortSignal } | undefined;
  /** Told, before the answer, of the executions that its rows were computed in, in the order of the rows. */
  readonly onBatch?: ((batch: BatchFacts) => void) | undefined;
}

/** What is batched: tensors of one model, or requests that a Python model reads by itself. */
export interface BatchedWork<Item, Answer> {
  /** Items of different keys are never taken together. */
  keyOf(item: Item): string;
  rowsOf(item: Item): number;
  bytesOf(item: Item): number;
  /** Rows of an answer, where they are only known then. */
  rowsIn?(answer: Answer): number;
  /**
   * One execution: an answer for each item, in their order. Several items only while `isBatchable`.
   * @throws NotSplittable when the outputs cannot be told apart by item
   */
  run(items: readonly Item[], options: RunOptions): Promise<readonly Answer[]>;
}

interface RunOptions {
  readonly deadline: number;
  /** Told, before the answers, how long the computing alone took, where that is known. */
  readonly onComputed: (ms: number) => void;
}

/** The outputs of an execution do not have the rows of its inputs. */
export class NotSplittable extends Error {
  override readonly name = 'NotSplittable';
}

export interface Batcher<Item, Answer> {
  /**
   * @throws DomainError RESOURCE_EXHAUSTED when too much waits or the answer would come after the deadline,
   * DEADLINE_EXCEEDED, UNAVAILABLE once closed; and as `run` does
   */
  submit(item: Item, wait?: Wait): Promise<Answer>;
  /** Refuses a request of so many bytes that cannot be answered in time before it is read: it is taken for one as those before. @throws DomainError RESOURCE_EXHAUSTED, UNAVAILABLE */
  admit(bytes: number, deadline?: number): void;
  waitingRows(): number;
  isBatchable(): boolean;
  /** What was done since the start. */
  counts(): BatchCounts;
  /** Resolves when nothing waits or runs; refuses what comes after. */
  close(): Promise<void>;
}

interface Entry<Item, Answer> {
  readonly item: Item;
  readonly rows: number;
  readonly bytes: number;
  readonly key: string;
  readonly since: number;
  readonly deadline: number;
  readonly signal: AbortSignal | undefined;
  readonly stopListening: () => void;
  readonly onBatch: Wait['onBatch'];
  readonly resolve: (answer: Answer) => void;
  readonly reject: (error: unknown) => void;
}

interface Execution<Item, Answer> {
  readonly entries: readonly Entry<Item, Answer>[];
  readonly startedAt: number;
  readonly rows: number;
  /** It took too long: its callers know, its instance stays taken until it ends. */
  isGivenUp: boolean;
}

const SWEEP_MS = 50;
/** An estimate that is just met is often missed: a queue that is full to its deadline answers late what it answers. */
const CAUTION = 2;
/** A caller who has gone meanwhile costs less than to look for each whether it has. */
const LONG_WAIT_MS = 20;
/** Of the last request, in what the next is taken for. */
const LATEST = 0.05;
const nothingToStop = (): void => {};
const ignored = (): void => {};

/**
 * Takes requests of one model together: when an instance is free, it gets what waits of one key, oldest key first, up to
 * the most rows. With no delay, a request alone is never held up. A batch that fails is run again one by one, so that a
 * request harms no other; one whose outputs cannot be told apart too, and the model is not batched any more.
 */
export function createBatcher<Item, Answer>(
  work: BatchedWork<Item, Answer>,
  options: BatchingOptions,
  mayBatch = true,
  counts: BatchCounts = nothingBatched(),
): Batcher<Item, Answer> {
  type Waiting = Entry<Item, Answer>;
  /** By key; the one that was served last stands last, so that none starves. */
  const buckets = new Map<string, Set<Waiting>>();
  const lanes = createLanes<Execution<Item, Answer>>(options);
  let waitingRows = 0;
  let waitingBytes = 0;
  let isBatchable = mayBatch;
  let mostRows = options.maxRows;
  let pumping: NodeJS.Immediate | undefined;
  let delayed: NodeJS.Timeout | undefined;
  /** Items of the last execution: several mean that more come in the same turn of the event loop. */
  let lastTaken = 1;
  /** Of the requests of late: what one has that is not read yet. */
  let meanRows = 1;
  let sweeping: NodeJS.Timeout | undefined;
  /** No other batcher, here or in another process, has batches of its name. */
  const name = randomUUID().slice(-12);
  let batches = 0;
  let closing: { readonly done: Promise<void>; readonly resolve: () => void } | undefined;

  function remove(entry: Waiting): boolean {
    const bucket = buckets.get(entry.key);
    if (!bucket?.delete(entry)) return false;
    if (bucket.size === 0) buckets.delete(entry.key);
    waitingRows -= entry.rows;
    waitingBytes -= entry.bytes;
    return true;
  }

  /** Returns the estimated wait. */
  function admit(rows: number, bytes: number, deadline?: number): number {
    if (closing) throw refused('UNAVAILABLE', 'The model is being taken away', 'Try again in a moment.');
    const isFull = waitingRows + rows > options.maxQueueRows || waitingBytes + bytes > options.maxQueueBytes;
    // A request that is larger than the queue can still be taken alone.
    if (isFull && waitingRows > 0) {
      throw refused('RESOURCE_EXHAUSTED', `${waitingRows} rows wait for this model already`, 'Try again in a moment.');
    }
    const now = performance.now();
    const ahead = waitingRows + rows;
    const lane = lanes.of(rows);
    const executions = Math.ceil(ahead / (isBatchable ? rowsIn(lane) : Math.max(rows, 1)));
    const ms = lane.cost.waitMs({ rows: ahead, executions }, lane.running);
    if (now + ms * CAUTION <= (deadline ?? now + options.defaultDeadlineMs)) return ms;
    throw tooMuch(`It would take about ${Math.ceil(ms)} ms: try again in a moment, or allow more time.`);
  }

  /** The most rows of one execution now. */
  function rowsIn(lane: Lane<Execution<Item, Answer>>): number {
    return Math.min(lane.mostRows, mostRows);
  }

  function isRunning(): boolean {
    return lanes.all.some(({ running }) => running.size > 0);
  }

  /** What comes alone goes at once; what comes with others goes with them, when the turn's requests have been read. */
  function wake(lane: Lane<Execution<Item, Answer>>): void {
    const { isInline, running, atOnce, most } = lane;
    if (running.size >= most || (running.size >= atOnce && waitingRows < rowsIn(lane))) return;
    if (lastTaken === 1 && !(isInline && running.size > 0)) pump();
    else pumping ??= setImmediate(pump);
  }

  function pump(): void {
    clearImmediate(pumping);
    pumping = undefined;
    for (let entries = takeNext(); entries.length > 0; entries = takeNext()) void execute(entries);
    settleClosing();
  }

  function settleClosing(): void {
    const isIdle = lanes.all.every(({ running }) => [...running].every(({ isGivenUp }) => isGivenUp));
    if (closing && buckets.size === 0 && isIdle) closing.resolve();
  }

  function takeNext(): readonly Waiting[] {
    for (const bucket of buckets.values()) {
      const entries = take(bucket);
      if (entries.length > 0) return entries;
    }
    return [];
  }

  /** Takes what goes now out of a bucket; nothing when it is worth waiting for more. */
  function take(bucket: Set<Waiting>): Waiting[] {
    const [head] = bucket;
    if (!head) return [];
    const lane = lanes.of(head.rows);
    if (lane.running.size >= lane.most) return [];
    const mayWait = lane.running.size >= lane.atOnce;
    if (!isBatchable) return mayWait ? [] : taken([head]);
    const now = performance.now();
    let rows = 0;
    if (options.maxDelayMs > 0) for (const entry of bucket) rows += entry.rows;
    else rows = head.rows;
    const limit = rowsToTake({ rows, oldestMs: now - head.since }, options, rowsIn(lane));
    if (limit === 0) {
      delayed ??= setTimeout(
        () => {
          delayed = undefined;
          pump();
        },
        Math.max(options.maxDelayMs - (now - head.since), 0),
      );
      return [];
    }
    const entries: Waiting[] = [];
    let sum = 0;
    let isFull = false;
    for (const entry of bucket) {
      isFull = sum + entry.rows > limit;
      if (entries.length > 0 && isFull) break;
      entries.push(entry);
      sum += entry.rows;
    }
    // What is not full grows while those before it are computed.
    return mayWait && !isFull ? [] : taken(entries);
  }

  function taken(entries: Waiting[]): Waiting[] {
    const [head] = entries;
    lastTaken = entries.length;
    for (const entry of entries) {
      remove(entry);
      entry.stopListening();
    }
    const rest = head && buckets.get(head.key);
    if (rest && head) {
      buckets.delete(head.key);
      buckets.set(head.key, rest);
    }
    return entries;
  }

  async function execute(taken: readonly Waiting[]): Promise<void> {
    const startedAt = performance.now();
    const entries = taken.filter((entry) => isStillWanted(entry, startedAt));
    if (entries.length === 0) return;
    const rows = entries.reduce((sum, entry) => sum + entry.rows, 0);
    const execution: Execution<Item, Answer> = { entries, startedAt, rows, isGivenUp: false };
    const lane = lanes.of(rows);
    lane.running.add(execution);
    counts.rows.observe(rows);
    for (const { since } of entries) counts.waits.observe((startedAt - since) / 1_000);
    let computedMs: number | undefined;
    const onComputed = (ms: number): void => void (computedMs = ms);
    try {
      const deadline = entries.reduce((latest, entry) => Math.max(latest, entry.deadline), 0);
      const answers = await work.run(
        entries.map((entry) => entry.item),
        { deadline, onComputed },
      );
      const now = performance.now();
      const tookMs = computedMs ?? now - startedAt;
      lane.cost.observe({ rows, tookMs, endedAt: now });
      mostRows = nextMostRows(mostRows, tookMs, options);
      settle(entries, answers, startedAt);
    } catch (error) {
      await settleFailure(entries, error);
    } finally {
      counts.executionMs += performance.now() - startedAt;
      lane.running.delete(execution);
      pump();
    }
  }

  function settle(entries: readonly Waiting[], answers: readonly Answer[], startedAt: number): void {
    const endedAt = performance.now();
    const ownRows = entries.map((entry, index) => work.rowsIn?.(answers[index] as Answer) ?? entry.rows);
    const rows = ownRows.reduce((sum, own) => sum + own, 0);
    const id = `${name}-${++batches}`;
    for (const [index, entry] of entries.entries()) {
      entry.onBatch?.({ id, rows, own: ownRows[index] ?? 0, startedAt, endedAt });
      entry.resolve(answers[index] as Answer);
    }
  }

  /** One by one, in the same instance, so that only those fail that fail alone. */
  async function settleFailure(entries: readonly Waiting[], error: unknown): Promise<void> {
    const isGone = error instanceof DomainError && (error.code === 'UNAVAILABLE' || error.code === 'DEADLINE_EXCEEDED');
    if (error instanceof NotSplittable) isBatchable = false;
    if (isGone || entries.length === 1) {
      for (const entry of entries) entry.reject(error);
      return;
    }
    for (const entry of entries) {
      if (!isStillWanted(entry, performance.now())) continue;
      try {
        const startedAt = performance.now();
        settle([entry], await work.run([entry.item], { deadline: entry.deadline, onComputed: ignored }), startedAt);
      } catch (ownError) {
        entry.reject(ownError);
      }
    }
  }

  function isStillWanted(entry: Waiting, now: number): boolean {
    if (entry.signal?.aborted === true) entry.reject(goneCaller());
    else if (now >= entry.deadline) entry.reject(tooLate());
    else return true;
    return false;
  }

  /** Callers hear in time that time is over, also those of an execution that hangs. */
  function sweep(): void {
    sweeping = undefined;
    const now = performance.now();
    for (const bucket of buckets.values()) {
      for (const entry of bucket) {
        if (now < entry.deadline) continue;
        remove(entry);
        entry.stopListening();
        entry.reject(tooLate());
      }
    }
    for (const execution of lanes.all.flatMap(({ running }) => [...running])) {
      execution.isGivenUp ||= now - execution.startedAt > options.executionTimeoutMs;
      for (const entry of execution.entries) {
        if (execution.isGivenUp) entry.reject(noAnswer(options.executionTimeoutMs));
        else if (now >= entry.deadline) entry.reject(tooLate());
      }
    }
    settleClosing();
    if (buckets.size > 0 || isRunning()) sweeping = setTimeout(sweep, SWEEP_MS).unref();
  }

  return {
    submit(item, { deadline, signal: given, caller, onBatch } = {}) {
      return new Promise((resolve, reject) => {
        const rows = work.rowsOf(item);
        const bytes = work.bytesOf(item);
        meanRows += LATEST * (rows - meanRows);
        given?.throwIfAborted();
        const waitMs = admit(rows, bytes, deadline);
        const signal = given ?? (waitMs >= LONG_WAIT_MS ? caller?.signal : undefined);
        const since = performance.now();
        const entry: Waiting = {
          item,
          rows,
          bytes,
          key: work.keyOf(item),
          since,
          deadline: Math.min(deadline ?? Number.POSITIVE_INFINITY, since + options.defaultDeadlineMs),
          signal,
          onBatch,
          stopListening: signal ? onAbort(signal, () => remove(entry) && reject(goneCaller())) : nothingToStop,
          resolve,
          reject,
        };
        const bucket = buckets.get(entry.key);
        if (bucket) bucket.add(entry);
        else buckets.set(entry.key, new Set([entry]));
        waitingRows += rows;
        waitingBytes += bytes;
        sweeping ??= setTimeout(sweep, SWEEP_MS).unref();
        wake(lanes.of(rows));
      });
    },
    admit: (bytes, deadline) => void admit(Math.max(1, Math.round(meanRows)), bytes, deadline),
    waitingRows: () => waitingRows,
    isBatchable: () => isBatchable,
    counts: () => counts,
    close() {
      if (!closing) {
        const { promise, resolve } = Promise.withResolvers<void>();
        closing = { done: promise, resolve };
        pump();
      }
      return closing.done;
    },
  };
}

/** Returns what takes the listener away: a signal may outlive many requests. */
function onAbort(signal: AbortSignal, listener: () => void): () => void {
  signal.addEventListener('abort', listener, { once: true });
  return () => signal.removeEventListener('abort', listener);
}
