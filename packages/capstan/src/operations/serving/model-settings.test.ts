import { expect, test } from 'vitest';
import { batchingOf, digestIn, keyOf, limitedWaits, loadingOf } from './model-settings.ts';

const digest = `sha256:${'0'.repeat(64)}`;

test('revisions of the same files are one model only where they run alike', () => {
  expect(keyOf({ digest })).toBe(digest);
  const tuned = keyOf({ digest, serving: { maxBatchSize: 8, maxQueueDelayMs: 1 } });
  expect(tuned).not.toBe(digest);
  expect(keyOf({ digest, serving: { maxQueueDelayMs: 1, maxBatchSize: 8 } })).toBe(tuned);
  expect([digest, tuned].map(digestIn)).toEqual([digest, digest]);
});

test('what is not set is as by default, and an execution may take as long as a caller may wait', () => {
  expect(batchingOf({})).toEqual({ defaultDeadlineMs: 15_000, executionTimeoutMs: 15_000 });
  expect(batchingOf({ maxTimeoutMs: 60_000 })).toMatchObject({ defaultDeadlineMs: 15_000, executionTimeoutMs: 60_000 });
  expect(batchingOf({ maxTimeoutMs: 900 })).toMatchObject({ defaultDeadlineMs: 900, executionTimeoutMs: 15_000 });
  expect(batchingOf({ maxBatchSize: 8, preferredBatchSizes: [4], maxQueueDelayMs: 2, maxQueueSize: 99 })).toMatchObject(
    {
      maxRows: 8,
      preferredRows: [4],
      maxDelayMs: 2,
      maxQueueRows: 99,
    },
  );
});

test('processes are as the revision says, else as the data plane does', () => {
  const defaults = { workers: 3, maxMemoryBytes: 2 ** 30 };
  expect(loadingOf({}, defaults)).toEqual(defaults);
  const settings = { workers: 1, workerMemoryBytes: 2 ** 28, defaultTimeoutMs: 90_000, intraOpThreads: 2 };
  expect(loadingOf(settings, defaults)).toEqual({
    workers: 1,
    maxMemoryBytes: 2 ** 28,
    requestMs: 90_000,
    intraOpThreads: 2,
  });
});

test('a deadline beyond the longest is brought forward, any other is kept', () => {
  expect(limitedWaits({ defaultTimeoutMs: 5 })).toBeUndefined();
  const limited = limitedWaits({ maxTimeoutMs: 1_000 });
  const now = performance.now();
  const signal = new AbortController().signal;
  const late = limited?.({ deadline: now + 60_000, signal });
  expect(late?.signal).toBe(signal);
  expect(late?.deadline).toBeLessThan(now + 30_000);
  expect(limited?.({ deadline: now + 10 })).toEqual({ deadline: now + 10 });
  expect(limited?.(undefined)).toEqual({});
});
