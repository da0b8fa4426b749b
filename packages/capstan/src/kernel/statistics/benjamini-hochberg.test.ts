import fc from 'fast-check';
import { expect, test } from 'vitest';
import { adjustBenjaminiHochberg } from './benjamini-hochberg.ts';
import golden from './golden/comparisons.json' with { type: 'json' };
import { expectRelative } from './testing/expect-close.ts';
import { seededRandom } from './testing/seeded-random.ts';

test('equal to scipy.stats.false_discovery_control', () => {
  for (const { pValues, adjusted } of golden.benjaminiHochberg) {
    const result = adjustBenjaminiHochberg(pValues);
    expect(result).toHaveLength(adjusted.length);
    for (const [i, value] of adjusted.entries())
      expectRelative(result[i] ?? Number.NaN, value, `${pValues.join()} at ${i}`);
  }
});

test('adjusting keeps the order, never lowers a value and stays in [0, 1]', () => {
  fc.assert(
    fc.property(fc.array(fc.double({ min: 0, max: 1, noNaN: true })), (pValues) => {
      const adjusted = adjustBenjaminiHochberg(pValues);
      const pairs = pValues.map((p, i) => [p, adjusted[i] ?? Number.NaN] as const);
      for (const [p, value] of pairs) {
        // The division may round a value down by one ulp.
        expect(value).toBeGreaterThanOrEqual(p * (1 - 1e-15));
        expect(value).toBeLessThanOrEqual(1);
      }
      const inOrder = pairs.toSorted(([p], [q]) => p - q).map(([, value]) => value);
      expect(inOrder).toEqual(inOrder.toSorted((a, b) => a - b));
    }),
  );
});

test('twenty healthy columns alarm in about one window of twenty', () => {
  const random = seededRandom(13);
  let alarms = 0;
  for (let window = 0; window < 4000; window++) {
    const adjusted = adjustBenjaminiHochberg(Array.from({ length: 20 }, random.uniform));
    if (adjusted.some((p) => p < 0.05)) alarms++;
  }
  expect(Math.abs(alarms / 4000 - 0.05)).toBeLessThan(0.014);
});

test('nothing stays nothing, and bad p-values are refused by place', () => {
  expect(adjustBenjaminiHochberg([])).toEqual([]);
  expect(() => adjustBenjaminiHochberg([0.1, Number.NaN])).toThrow(/^pValues\[1\]/);
  expect(() => adjustBenjaminiHochberg([1.1])).toThrow(/^pValues\[0\]/);
});
