import { setImmediate as soon } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { coalesce, type Outcome } from './coalesce.ts';

const one = { weightOf: () => 1, mostWeight: 3 };

test('what comes while the last is written is written together, within the weight', async () => {
  const written: number[][] = [];
  const write = async (take: () => readonly number[]): Promise<Outcome[]> => {
    await soon();
    const items = take();
    written.push([...items]);
    return items.map(() => undefined);
  };
  const put = coalesce({ ...one, write });
  await Promise.all([1, 2, 3, 4, 5].map(put));
  expect(written).toEqual([
    [1, 2, 3],
    [4, 5],
  ]);
  await put(6);
  expect(written.at(-1)).toEqual([6]);
});

test('an item heavier than a write may be is written alone', async () => {
  const written: number[][] = [];
  const put = coalesce<number>({
    weightOf: (item) => item,
    mostWeight: 3,
    write: async (take) => {
      await soon();
      written.push([...take()]);
      return [];
    },
  });
  await Promise.all([1, 9, 1].map(put));
  expect(written).toEqual([[1], [9], [1]]);
});

test('each is told its own outcome', async () => {
  const refused = new Error('no');
  const put = coalesce<number>({
    ...one,
    write: async (take) => {
      await soon();
      return take().map((item) => (item === 2 ? refused : undefined));
    },
  });
  expect(await Promise.allSettled([put(1), put(2), put(3)])).toEqual([
    { status: 'fulfilled', value: undefined },
    { status: 'rejected', reason: refused },
    { status: 'fulfilled', value: undefined },
  ]);
});

test('where a write fails, each is tried alone', async () => {
  const put = coalesce<number>({
    ...one,
    write: async (take) => {
      await soon();
      if (take().includes(2)) throw new Error('broken');
      return [];
    },
  });
  const outcomes = await Promise.allSettled([put(1), put(2), put(3)]);
  expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
});

test('where it fails before any is taken, those who wait are told so', async () => {
  const put = coalesce<number>({
    ...one,
    write: async () => {
      await soon();
      throw new Error('away');
    },
  });
  await expect(Promise.all([put(1), put(2)])).rejects.toThrow('away');
});
