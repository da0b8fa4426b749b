import fc from 'fast-check';
import { expect, test } from 'vitest';
import { hasLongList, jsonReply, jsonReplyInTurns } from './json-reply.ts';

const value = fc.oneof(fc.double(), fc.bigInt(), fc.string(), fc.constant('null'), fc.boolean());
const item = fc.record({ key: fc.string(), value }, { requiredKeys: ['key'] });

test('a long message is written in turns as it is at once', async () => {
  const message = fc.record(
    { runs: fc.array(item, { minLength: 90, maxLength: 350 }), one: item, 'a "name"': value },
    { requiredKeys: [] },
  );
  await fc.assert(
    fc.asyncProperty(message, async (given) => {
      expect(await jsonReplyInTurns(given)).toEqual(jsonReply(given));
    }),
    { numRuns: 50 },
  );
});

test('others have their turn while a long list is written', async () => {
  const metrics = Array.from({ length: 300_000 }, (_, step) => ({ key: 'loss', value: step / 3, step }));
  expect(hasLongList({ metrics, next: 'x' })).toBe(true);
  expect(hasLongList({ metrics: metrics.slice(0, 100), next: 'x'.repeat(1_000) })).toBe(false);
  let turns = 0;
  let isOver = false;
  const turn = (): void => {
    turns += 1;
    if (!isOver) setImmediate(turn);
  };
  turn();
  await jsonReplyInTurns({ metrics });
  isOver = true;
  expect(turns).toBeGreaterThan(3);
});
