import { setImmediate as nextTurn } from 'node:timers/promises';
import type { SQLInputValue } from 'node:sqlite';
import type { DatabaseConnection, QueryResult } from 'kysely';
import { translatedFailure } from '#ports/full-disk';
import { AskedThread } from '../asked-thread.ts';
import type { HotQuery } from '../hot-query.ts';
import type { ReadAnswer, ReadFailure, ReadQuestion } from './messages.ts';

/** One more than a search that takes long: others are answered beside it. */
const MOST_THREADS = 2;
/** A query that held the event loop for so long once is asked of threads from then on, whoever waits. */
const TOO_LONG_MS = 100;
/** Texts remembered as too long; beyond, all are forgotten. */
const MOST_TEXTS = 1_000;

type ReaderThread = AskedThread<ReadQuestion, ReadAnswer>;
type Part = Exclude<ReadAnswer, { readonly failure: ReadFailure }>;

/** Thrown to itself where there is no thread, as without memory for one. */
class NoThread extends Error {}

/**
 * Answers queries in threads, so that nobody who is served waits for them meanwhile: SQLite holds the thread that asks it
 * until it has a row. Threads start with the first query and hand over rows in parts, between which the event loop is free.
 * Where nobody would wait, a query is answered here, which costs a third less. Each query sees what was committed before it
 * began.
 */
export class LongReads {
  readonly #path: string;
  readonly #here: DatabaseConnection;
  readonly #isQuiet: () => boolean;
  readonly #entry: URL;
  /** Texts of queries that took too long here. */
  readonly #tooLong = new Set<string>();
  /** Those that nobody asks, the last used last. */
  readonly #idle: ReaderThread[] = [];
  readonly #waiting: { readonly go: () => void; readonly stop: (reason: unknown) => void }[] = [];
  #busy = 0;
  #isClosed = false;
  #whenIdle: (() => void) | undefined;

  /**
   * @param here answers where there is no thread, or where nobody would wait
   * @param isQuiet whether nobody would wait
   * @param entry of the threads
   */
  constructor(
    path: string,
    here: DatabaseConnection,
    isQuiet: () => boolean,
    entry = new URL('./reader-thread.ts', import.meta.url),
  ) {
    this.#path = path;
    this.#here = here;
    this.#isQuiet = isQuiet;
    this.#entry = entry;
  }

  /** A connection whose queries are no longer wanted once the signal is aborted: those throw its reason. */
  connection(signal?: AbortSignal): DatabaseConnection {
    return {
      executeQuery: async <Row>(query: HotQuery): Promise<QueryResult<Row>> => {
        if (this.#isQuiet() && !this.#tooLong.has(query.sql)) return await this.#answerHere<Row>(query, signal);
        const rows: Row[] = [];
        try {
          for await (const part of this.#partsOf<Row>(query, signal)) for (const row of part) rows.push(row);
        } catch (error) {
          if (error instanceof NoThread) return await this.#here.executeQuery<Row>(query);
          throw error;
        }
        return { rows };
      },
      streamQuery: () => {
        throw new Error('Rows of long reads come together: stream from Database.read');
      },
    };
  }

  /** Ends what is under way at its next part, and the threads. What waits, or is asked later, is refused. */
  async close(): Promise<void> {
    this.#isClosed = true;
    for (const { stop } of this.#waiting.splice(0)) stop(closed());
    if (this.#busy > 0) await new Promise<void>((resolve) => (this.#whenIdle = resolve));
    await Promise.all(this.#idle.splice(0).map((thread) => thread.close()));
  }

  async #answerHere<Row>(query: HotQuery, signal: AbortSignal | undefined): Promise<QueryResult<Row>> {
    signal?.throwIfAborted();
    if (this.#isClosed) throw closed();
    const start = performance.now();
    try {
      return await this.#here.executeQuery<Row>(query);
    } finally {
      if (performance.now() - start > TOO_LONG_MS) {
        if (this.#tooLong.size === MOST_TEXTS) this.#tooLong.clear();
        this.#tooLong.add(query.sql);
      }
    }
  }

  async *#partsOf<Row>(query: HotQuery, signal: AbortSignal | undefined): AsyncGenerator<readonly Row[]> {
    await this.#turn(signal);
    let thread: ReaderThread | undefined;
    let isOver = true;
    try {
      thread = this.#idle.pop() ?? this.#start();
      const { sql, parameters } = query;
      let part = await this.#ask(thread, { sql, parameters: parameters as readonly SQLInputValue[] });
      for (;;) {
        isOver = part.isLast;
        yield query.asLists === true ? (part.rows as readonly unknown[] as readonly Row[]) : objectsOf<Row>(part);
        if (isOver) return;
        await nextTurn();
        signal?.throwIfAborted();
        if (this.#isClosed) throw closed();
        isOver = true;
        part = await this.#ask(thread, 'more');
      }
    } catch (error) {
      if (error instanceof NoThread) thread = undefined;
      throw error;
    } finally {
      if (thread && !isOver) await thread.ask('drop');
      this.#release(thread);
    }
  }

  /** Waits until there are fewer at work than there may be threads. */
  async #turn(signal: AbortSignal | undefined): Promise<void> {
    signal?.throwIfAborted();
    if (this.#isClosed) throw closed();
    if (this.#busy < MOST_THREADS) {
      this.#busy += 1;
      return;
    }
    await new Promise<void>((resolve, reject) => {
      const onAbort = (): void => {
        this.#waiting.splice(this.#waiting.indexOf(entry), 1);
        reject(signal?.reason as Error);
      };
      const done = (tell: () => void): void => {
        signal?.removeEventListener('abort', onAbort);
        tell();
      };
      const entry = { go: () => done(resolve), stop: (reason: unknown) => done(() => reject(reason as Error)) };
      signal?.addEventListener('abort', onAbort, { once: true });
      this.#waiting.push(entry);
    });
  }

  /** Hands the turn on to who waits longest. */
  #release(thread: ReaderThread | undefined): void {
    if (thread) this.#idle.push(thread);
    const next = this.#waiting.shift();
    if (next) {
      next.go();
      return;
    }
    this.#busy -= 1;
    if (this.#busy === 0) this.#whenIdle?.();
  }

  #start(): ReaderThread {
    try {
      return new AskedThread(this.#entry, 'reads', this.#path);
    } catch (cause) {
      throw new NoThread('no thread', { cause });
    }
  }

  async #ask(thread: ReaderThread, question: ReadQuestion): Promise<Part> {
    const answer = await thread.ask(question);
    if (!answer) throw new NoThread('the thread ended');
    if ('failure' in answer) {
      const { message, ...fields } = answer.failure;
      throw translatedFailure(Object.assign(new Error(message), fields));
    }
    return answer;
  }
}

function objectsOf<Row>({ columns, rows }: Part): Row[] {
  return rows.map((values) => {
    const row: Record<string, unknown> = {};
    for (const [index, name] of columns.entries()) row[name] = values[index];
    return row as Row;
  });
}

function closed(): Error {
  return new Error('The database is closed');
}
