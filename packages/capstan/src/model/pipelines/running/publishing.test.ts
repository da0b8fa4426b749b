import { setImmediate } from 'node:timers/promises';
import { expect, test } from 'vitest';
import type { BlobStore } from '#ports/blob-store';
import type { LockEntry, Stage } from '#kernel/pipeline-definition';
import type { PipelineFormat } from '../format.ts';
import { createPublishing } from './publishing.ts';
import { createTrailingWork } from './trailing-work.ts';

const entry: LockEntry = { command: 'true', inputs: [], params: new Map(), outputs: [] } as unknown as LockEntry;

function done(name: string) {
  return { stage: { name, outputs: [] } as unknown as Stage, entry, outputs: [] };
}

/** Writes that wait for the test to let them end. */
function heldFormat() {
  const writes: { names: string[]; end(error?: Error): void }[] = [];
  const format = {
    shareOutputs: async () => {},
    writeLock: (_folder: string, entries: ReadonlyMap<string, LockEntry>) =>
      new Promise<void>((resolve, reject) => {
        writes.push({
          names: [...entries.keys()],
          end: (error) => (error === undefined ? resolve() : reject(error)),
        });
      }),
  } as unknown as PipelineFormat;
  const seen = async (count: number) => {
    while (writes.length < count) await setImmediate();
    return writes[count - 1] ?? expect.fail();
  };
  return { format, seen, writes };
}

test('what ends while the lock file is written is written next, at once', async () => {
  const { format, seen, writes } = heldFormat();
  const publishing = createPublishing({ blobs: {} as BlobStore, format }, '/', []);
  const first = publishing.publish(done('a'));
  const a = await seen(1);
  const others = [publishing.publish(done('b')), publishing.publish(done('c'))];
  expect(writes.map(({ names }) => names)).toEqual([['a']]);
  a.end();
  await first;
  (await seen(2)).end();
  await Promise.all(others);
  expect(writes.map(({ names }) => names)).toEqual([['a'], ['b', 'c']]);
});

test('a write that fails tells those whose it was, and the next are written', async () => {
  const { format, seen } = heldFormat();
  const publishing = createPublishing({ blobs: {} as BlobStore, format }, '/', []);
  const first = publishing.publish(done('a'));
  const a = await seen(1);
  const second = publishing.publish(done('b'));
  a.end(new Error('disk full'));
  await expect(first).rejects.toThrow('disk full');
  const b = await seen(2);
  expect(b.names).toEqual(['b']);
  b.end();
  await second;
});

test('trailing work is waited for at the end, and its faults are heard', async () => {
  const faults: unknown[] = [];
  const trailing = createTrailingWork((error) => faults.push(error));
  const { promise, resolve } = Promise.withResolvers<void>();
  let isOver = false;
  trailing.begin(() => promise);
  trailing.begin(async () => {
    throw new Error('no more');
  });
  const ended = trailing.ended().then(() => (isOver = true));
  await Promise.resolve();
  expect(isOver).toBe(false);
  resolve();
  await ended;
  expect(faults).toEqual([new Error('no more')]);
});
