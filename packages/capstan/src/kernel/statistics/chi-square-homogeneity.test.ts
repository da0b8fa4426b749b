import fc from 'fast-check';
import { expect, test } from 'vitest';
import { chiSquareHomogeneity } from './chi-square-homogeneity.ts';
import golden from './golden/comparisons.json' with { type: 'json' };
import { expectClose, expectRelative } from './testing/expect-close.ts';
import { seededRandom } from './testing/seeded-random.ts';

test('equal to scipy.stats.chi2_contingency', () => {
  for (const { reference, current, ...expected } of golden.chiSquareHomogeneity) {
    const label = `${reference.join()} | ${current.join()}`;
    const result = chiSquareHomogeneity(reference, current);
    expect(result.degrees, label).toBe(expected.degrees);
    expectClose(result.statistic, expected.statistic, label);
    expectRelative(result.pValue, expected.pValue, label);
    expectClose(result.smallestExpected, expected.smallestExpected, label);
  }
});

const counts = fc.array(fc.nat(1000), { minLength: 5, maxLength: 5 }).filter((list) => list.some((count) => count > 0));

test('the test is symmetric, and blind to empty bins and bin order', () => {
  fc.assert(
    fc.property(counts, counts, (a, b) => {
      const { statistic, degrees, pValue } = chiSquareHomogeneity(a, b);
      const swapped = chiSquareHomogeneity(b, a);
      expectClose(swapped.statistic, statistic, 'swapped');
      const padded = chiSquareHomogeneity([0, ...a.toReversed(), 0], [0, ...b.toReversed(), 0]);
      expectClose(padded.statistic, statistic, 'padded');
      expect(padded.degrees).toBe(degrees);
      expect(pValue).toBeGreaterThanOrEqual(0);
      expect(pValue).toBeLessThanOrEqual(1);
    }),
  );
});

test('equal shares give p = 1', () => {
  expect(chiSquareHomogeneity([10, 20, 30], [1, 2, 3]).pValue).toBeCloseTo(1, 12);
});

test('bad counts are refused by name', () => {
  expect(() => chiSquareHomogeneity([1, -1], [1, 1])).toThrow(/^reference\[1\]/);
  expect(() => chiSquareHomogeneity([1, 1], [1, 0.5])).toThrow(/^current\[1\]/);
  expect(() => chiSquareHomogeneity([1, 1], [1])).toThrow(/^reference and current must have the same length/);
  expect(() => chiSquareHomogeneity([0, 0], [1, 1])).toThrow(/^reference must count/);
  expect(() => chiSquareHomogeneity([1, 1], [0, 0])).toThrow(/^current must count/);
  expect(() => chiSquareHomogeneity([], [])).toThrow(/must not be empty/);
});

test('p-values of equal distributions are uniform', () => {
  const random = seededRandom(12);
  const draw = (rows: number): number[] => {
    const drawn = [0, 0, 0, 0, 0, 0];
    for (let i = 0; i < rows; i++) {
      const bin = Math.floor(random.uniform() * 6);
      drawn[bin] = (drawn[bin] ?? 0) + 1;
    }
    return drawn;
  };
  const pValues = Array.from({ length: 3000 }, () => chiSquareHomogeneity(draw(400), draw(150)).pValue);
  for (const level of [0.05, 0.2, 0.5, 0.8]) {
    const share = pValues.filter((p) => p <= level).length / pValues.length;
    expect(Math.abs(share - level)).toBeLessThan(4 * Math.sqrt((level * (1 - level)) / 3000));
  }
});
