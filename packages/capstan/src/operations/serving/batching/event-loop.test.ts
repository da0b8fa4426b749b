import { expect, test } from 'vitest';
import { entersTurn } from './event-loop.ts';

const nextTurn = () => new Promise((resolve) => setImmediate(() => setImmediate(resolve)));

function work(ms: number): void {
  for (const end = performance.now() + ms; performance.now() < end;);
}

/** How many of so many requests are let in in one turn, each of which costs so long. */
async function letIn(requests: number, waitMs: number, costMs: number): Promise<number> {
  let entered = 0;
  for (let request = 0; request < requests; request++) {
    if (!entersTurn(waitMs)) continue;
    entered += 1;
    work(costMs);
  }
  await nextTurn();
  return entered;
}

test('a turn takes what its callers can wait for, by what requests have cost, and always one', async () => {
  for (let turn = 0; turn < 20; turn++) await letIn(2, 60_000, 2);
  // Two milliseconds and more each: of a wait of 20 the turn gets 7.
  expect(await letIn(20, 20, 2)).toBeLessThan(4);
  expect(await letIn(20, 0.001, 2)).toBe(1);
  expect(await letIn(20, 60_000, 0)).toBe(20);
});
