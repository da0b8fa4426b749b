import { expect, test } from 'vitest';
import golden from './golden/comparisons.json' with { type: 'json' };
import { pairedMeanDifference } from './mean-difference.ts';
import { expectClose, expectRelative } from './testing/expect-close.ts';

test('mean, interval and p-value equal SciPy', () => {
  for (const { first, second, ...expected } of golden.pairedDifference) {
    const { mean, spread, count } = pairedMeanDifference(first, second);
    expect(count).toBe(first.length);
    expectClose(mean, expected.mean, `mean of ${first.join()}`);
    if (spread === null) throw new Error('no spread');
    expectClose(spread.standardError, expected.standardError, `error of ${first.join()}`);
    expectClose(spread.lower, expected.lower, `lower of ${first.join()}`);
    expectClose(spread.upper, expected.upper, `upper of ${first.join()}`);
    expectRelative(spread.pValue, expected.pValue, `p of ${first.join()}`);
  }
});

test('one pair has a mean and no spread; equal pairs have no doubt', () => {
  expect(pairedMeanDifference([3], [1])).toEqual({ count: 1, mean: 2, spread: null });
  const certain = { standardError: 0, lower: 2, upper: 2, pValue: 0 };
  expect(pairedMeanDifference([3, 4], [1, 2])).toEqual({ count: 2, mean: 2, spread: certain });
  const nothing = { standardError: 0, lower: 0, upper: 0, pValue: 1 };
  expect(pairedMeanDifference([3, 4], [3, 4])).toEqual({ count: 2, mean: 0, spread: nothing });
});

test('swapping the sides turns the interval round, more confidence widens it', () => {
  const [a, b] = [
    [1, 5, 2, 8],
    [2, 3, 2, 1],
  ];
  const forth = pairedMeanDifference(a, b).spread;
  const back = pairedMeanDifference(b, a).spread;
  expectClose(-(back?.upper ?? 0), forth?.lower ?? 1, 'swapped');
  expect(pairedMeanDifference(a, b, 0.99).spread?.upper).toBeGreaterThan(forth?.upper ?? Number.NaN);
});

test('bad arguments are refused by name', () => {
  expect(() => pairedMeanDifference([], [])).toThrow(/^first must not be empty/);
  expect(() => pairedMeanDifference([1], [1, 2])).toThrow(/same length/);
  expect(() => pairedMeanDifference([1, 2], [1, Number.NaN])).toThrow(/^second\[1\] must be/);
  expect(() => pairedMeanDifference([1, 2], [1, 2], 1)).toThrow(/^confidence must be/);
});
