import { setImmediate as nextTurn } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { inTurn } from './in-turn.ts';

test('large bodies go on a few in each turn of the event loop, in the order in which they asked', async () => {
  const wentOn: number[] = [];
  for (let body = 0; body < 10; body++) inTurn(() => void wentOn.push(body));
  expect(wentOn).toEqual([]);
  await nextTurn();
  expect(wentOn).toEqual([0, 1, 2, 3]);
  inTurn(() => void wentOn.push(10));
  await nextTurn();
  await nextTurn();
  expect(wentOn).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
});
