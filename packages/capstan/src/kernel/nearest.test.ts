import { expect, test } from 'vitest';
import { nearest } from './nearest.ts';

test.each([
  ['prot', ['port', 'host'], 'port'],
  ['Serving_Port', ['servingPort', 'port'], 'servingPort'],
  ['loss_budgt', ['loss_budget', 'baseline'], 'loss_budget'],
  ['zebra', ['port', 'host'], undefined],
])('%s', (word, candidates, expected) => {
  expect(nearest(word, candidates)).toBe(expected);
});
