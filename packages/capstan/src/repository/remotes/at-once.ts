import { setTimeout as sleep } from 'node:timers/promises';
import { DomainError } from '#kernel/errors';

const TRIES = 4;
const FIRST_WAIT_MS = 250;

/**
 * Does work for each item, some at a time, in their order. The first failure tells the rest to end and is thrown when all
 * that had begun has ended.
 */
export async function eachAtOnce<Item>(
  items: Iterable<Item>,
  { jobs, signal }: { readonly jobs: number; readonly signal?: AbortSignal | undefined },
  work: (item: Item, signal: AbortSignal) => Promise<void>,
): Promise<void> {
  const iterator = items[Symbol.iterator]();
  const stop = new AbortController();
  const either = signal ? AbortSignal.any([signal, stop.signal]) : stop.signal;
  const failures: unknown[] = [];
  const hand = async (): Promise<void> => {
    for (;;) {
      if (either.aborted) return;
      const next = iterator.next();
      if (next.done) return;
      try {
        await work(next.value, either);
      } catch (error) {
        failures.push(error);
        stop.abort(error);
        return;
      }
    }
  };
  await Promise.all(Array.from({ length: Math.max(1, jobs) }, hand));
  if (failures.length > 0) throw failures[0];
  signal?.throwIfAborted();
}

/** Tries again, a little later each time, what a remote could not answer now. */
export async function withRetries<Result>(signal: AbortSignal, work: () => Promise<Result>): Promise<Result> {
  for (let tried = 1; ; tried++) {
    try {
      return await work();
    } catch (error) {
      const isWorthAnother = error instanceof DomainError && error.code === 'UNAVAILABLE' && tried < TRIES;
      if (!isWorthAnother || signal.aborted) throw error;
      await sleep(FIRST_WAIT_MS * 2 ** (tried - 1), undefined, { signal });
    }
  }
}
