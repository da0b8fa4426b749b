import fc from 'fast-check';
import { expect, test } from 'vitest';
import golden from './golden/comparisons.json' with { type: 'json' };
import { populationStabilityIndex } from './population-stability.ts';
import { expectClose } from './testing/expect-close.ts';

test('equal to Jeffreys’ divergence by scipy.special.rel_entr, with a floor under empty bins', () => {
  for (const { reference, current, index } of golden.populationStability) {
    expectClose(populationStabilityIndex(reference, current), index, `${reference.join()} | ${current.join()}`);
  }
});

const counts = fc.array(fc.nat(1000), { minLength: 5, maxLength: 5 }).filter((list) => list.some((count) => count > 0));

test('symmetric, never negative, zero for equal shares', () => {
  fc.assert(
    fc.property(counts, counts, (a, b) => {
      const index = populationStabilityIndex(a, b);
      expectClose(populationStabilityIndex(b, a), index, 'swapped');
      expect(index).toBeGreaterThanOrEqual(0);
      const tripled = a.map((count) => count * 3);
      expect(populationStabilityIndex(a, tripled)).toBeLessThan(1e-15);
    }),
  );
});

test('bad counts are refused by name', () => {
  expect(() => populationStabilityIndex([1, Number.NaN], [1, 1])).toThrow(/^reference\[1\]/);
  expect(() => populationStabilityIndex([1], [1, 1])).toThrow(/same length/);
  expect(() => populationStabilityIndex([1], [0])).toThrow(/^current must count/);
});
