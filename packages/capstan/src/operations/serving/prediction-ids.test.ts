import { expect, test } from 'vitest';
import { PredictionIds } from './prediction-ids.ts';

test.each([
  ['of one row', new PredictionIds('r', 1), ['r']],
  ['of several', new PredictionIds('r', 3), ['r-0', 'r-1', 'r-2']],
  ['of more than ten', new PredictionIds('r', 12), Array.from({ length: 12 }, (_, row) => `r-${row}`)],
  ['that the caller gave', new PredictionIds('r', 2, ['d:a"', 'd:é\\']), ['d:a"', 'd:é\\']],
  ['of none', new PredictionIds('r', 0), []],
])('ids %s are the same one by one, as a list and in JSON', (_, ids, expected) => {
  expect(ids.all()).toEqual(expected);
  expect(expected.map((__, row) => ids.of(row))).toEqual(expected);
  expect(JSON.parse(ids.json())).toEqual(expected);
  expect(ids.only).toBe(expected.length === 1 ? expected[0] : undefined);
});
