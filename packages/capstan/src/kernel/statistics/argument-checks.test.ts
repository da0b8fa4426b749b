import { expect, test } from 'vitest';
import {
  requireCounts,
  requireFinite,
  requireInteger,
  requireNonNegative,
  requireOpenUnit,
  requirePositive,
  requireSameLength,
  requireUnit,
} from './argument-checks.ts';

const { NaN: notNumber, POSITIVE_INFINITY: infinity } = Number;

test.each([
  ['requireFinite', requireFinite, [-1, 0, 2.5], [notNumber, infinity, -infinity]],
  ['requireNonNegative', requireNonNegative, [0, 2.5], [-1e-9, notNumber, infinity]],
  ['requirePositive', requirePositive, [1e-9, 2], [0, -1, notNumber, infinity]],
  ['requireUnit', requireUnit, [0, 0.5, 1], [-0.1, 1.1, notNumber]],
  ['requireOpenUnit', requireOpenUnit, [0.5, 1e-300], [0, 1, notNumber]],
])('%s', (_, check, good, bad) => {
  for (const value of good) expect(() => check('amount', value)).not.toThrow();
  for (const value of bad) {
    expect(() => check('amount', value)).toThrow(RangeError);
    expect(() => check('amount', value)).toThrow(/^amount must be/);
  }
});

test('whole numbers, counts and lengths', () => {
  expect(() => requireInteger('n', 3, 3)).not.toThrow();
  for (const bad of [2, 3.5, 2 ** 53, notNumber])
    expect(() => requireInteger('n', bad, 3)).toThrow(/^n must be a whole/);
  expect(() => requireCounts('counts', [0, 5])).not.toThrow();
  expect(() => requireCounts('counts', [])).toThrow(/^counts must not be empty/);
  expect(() => requireCounts('counts', [0, 1.5])).toThrow(/^counts\[1\] must be a whole/);
  expect(() => requireSameLength('a', [1], 'b', ['x'])).not.toThrow();
  expect(() => requireSameLength('a', [1], 'b', [])).toThrow(/^a and b must have the same length, got 1 and 0/);
  expect(() => requireSameLength('a', [], 'b', [])).toThrow(/^a must not be empty/);
});
