import { setTimeout as pause } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { createLanes } from './lanes.ts';

test('at most so much runs at a time, and all of it is done after drain', async () => {
  const lanes = createLanes(3);
  let running = 0;
  let most = 0;
  let done = 0;
  for (let index = 0; index < 20; index++) {
    await lanes.add(async () => {
      running += 1;
      most = Math.max(most, running);
      await pause(1);
      running -= 1;
      done += 1;
    });
  }
  await lanes.drain();
  expect([most, done]).toEqual([3, 20]);
});

test('what fails is thrown once, at the next call, and nothing new begins', async () => {
  const lanes = createLanes(2);
  await lanes.add(async () => {
    await pause(1);
    throw new Error('broken');
  });
  await expect(lanes.drain()).rejects.toThrow('broken');
  let hasBegun = false;
  await expect(
    lanes.add(async () => {
      hasBegun = true;
    }),
  ).rejects.toThrow('broken');
  expect(hasBegun).toBe(false);
});
