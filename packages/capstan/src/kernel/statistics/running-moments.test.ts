import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { RunningMoments } from './running-moments.ts';
import { addValue, mergeMoments, NO_VALUES, standardDeviation } from './running-moments.ts';
import { expectClose } from './testing/expect-close.ts';

const momentsOf = (values: readonly number[]): RunningMoments => values.reduce(addValue, NO_VALUES);
const values = fc.array(fc.double({ min: -1000, max: 1000, noNaN: true }), { maxLength: 50 });

test('mean and spread of a known list, far from zero', () => {
  const moments = momentsOf([4, 7, 13, 16].map((value) => value + 1e9));
  expect(moments).toEqual({ count: 4, mean: 1e9 + 10, squaredDeviations: 90 });
  expectClose(standardDeviation(moments), Math.sqrt(30), 'sd');
});

test('merged parts equal the whole, in any order', () => {
  fc.assert(
    fc.property(values, values, (a, b) => {
      const whole = momentsOf([...a, ...b]);
      for (const merged of [mergeMoments(momentsOf(a), momentsOf(b)), mergeMoments(momentsOf(b), momentsOf(a))]) {
        expect(merged.count).toBe(whole.count);
        expect(Math.abs(merged.mean - whole.mean)).toBeLessThan(1e-9);
        expect(Math.abs(merged.squaredDeviations - whole.squaredDeviations)).toBeLessThan(1e-5);
      }
    }),
  );
});

test('bad arguments are refused by name', () => {
  expect(() => addValue(NO_VALUES, Number.NaN)).toThrow(/^value must be/);
  expect(() => standardDeviation(momentsOf([1]))).toThrow(/^moments.count must be/);
});
