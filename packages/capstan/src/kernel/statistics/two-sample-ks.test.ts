import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import golden from './golden/comparisons.json' with { type: 'json' };
import { smirnovLatticeSurvival } from './smirnov-lattice.ts';
import { expectClose, expectRelative } from './testing/expect-close.ts';
import { seededRandom } from './testing/seeded-random.ts';
import { kolmogorovSmirnov, kolmogorovSmirnovOfCounts } from './two-sample-ks.ts';

/** The deterministic samples of golden/generate.py. */
function spread(n: number, scale: number, shift: number, digits: number | null): number[] {
  const values = Array.from({ length: n }, (_, i) => (((i + 1) * 0.6180339887498949) % 1) * scale + shift);
  return digits === null ? values : values.map((value) => Math.floor(value * 10 ** digits) / 10 ** digits);
}

describe('equal to scipy.stats.ks_2samp', () => {
  test('small samples, ties, constants, one value', () => {
    for (const { first, second, statistic, pValue } of golden.ksSmall) {
      const result = kolmogorovSmirnov(first, second);
      expectClose(result.statistic, statistic, `D of ${first.join()} | ${second.join()}`);
      expectRelative(result.pValue, pValue, `p of ${first.join()} | ${second.join()}`);
    }
  });

  test.each(golden.ksSpread)('$n and $m values, shift $shift', ({ n, m, scale, shift, digits, statistic, pValue }) => {
    const result = kolmogorovSmirnov(spread(n, 1, 0, digits), spread(m, scale, shift, digits));
    expectClose(result.statistic, statistic, 'D');
    expectRelative(result.pValue, pValue, 'p');
  });
});

test('the exact p-value equals a count of all orderings', () => {
  const [n, m] = [4, 6];
  const distances: number[] = [];
  for (let mask = 0; mask < 2 ** (n + m); mask++) {
    let [i, j, largest] = [0, 0, 0];
    for (let step = 0; step < n + m; step++) {
      if ((mask >> step) & 1) i++;
      else j++;
      largest = Math.max(largest, Math.abs(i * m - j * n));
    }
    if (i === n) distances.push(largest);
  }
  for (let h = 1; h <= 12; h++) {
    const share = distances.filter((distance) => distance >= h * 2).length / distances.length;
    expectClose(smirnovLatticeSurvival(n, m, 2, h), share, `h = ${h}`);
  }
});

const sample = fc.array(fc.integer({ min: -20, max: 20 }), { minLength: 1, maxLength: 40 });

test('the test is symmetric, ignores order and monotone transformations', () => {
  fc.assert(
    fc.property(sample, sample, (a, b) => {
      const result = kolmogorovSmirnov(a, b);
      expect(kolmogorovSmirnov(b, a).statistic).toBeCloseTo(result.statistic, 14);
      expectRelative(kolmogorovSmirnov(b, a).pValue, result.pValue, 'swapped');
      const stretched = kolmogorovSmirnov(a.toReversed().map(Math.exp), b.map(Math.exp));
      expect(stretched).toEqual(result);
      expect(result.pValue).toBeGreaterThan(0);
      expect(result.pValue).toBeLessThanOrEqual(1);
    }),
  );
});

test('counts over single-valued bins give the test of the raw values', () => {
  const countsOf = (values: readonly number[]): number[] => {
    const counts = Array.from({ length: 41 }, () => 0);
    for (const value of values) counts[value + 20] = (counts[value + 20] ?? 0) + 1;
    return counts;
  };
  fc.assert(
    fc.property(sample, sample, (a, b) => {
      expect(kolmogorovSmirnovOfCounts(countsOf(a), countsOf(b))).toEqual(kolmogorovSmirnov(a, b));
    }),
  );
});

test('infinite values rank, NaN and emptiness are refused', () => {
  const [low, high] = [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY];
  expect(kolmogorovSmirnov([low, 0, high], [low, 0, high])).toEqual({ statistic: 0, pValue: 1 });
  expect(() => kolmogorovSmirnov([1, Number.NaN], [1])).toThrow(/^first must not hold NaN/);
  expect(() => kolmogorovSmirnov([1], [])).toThrow(/^second must not be empty/);
  expect(() => kolmogorovSmirnovOfCounts([1, 2], [1])).toThrow(/same length/);
  expect(() => kolmogorovSmirnovOfCounts([1, 2], [0, 0])).toThrow(/^second must count/);
  expect(() => kolmogorovSmirnovOfCounts([1, -2], [1, 0])).toThrow(/^first\[1\]/);
});

test('p-values of equal distributions are uniform', () => {
  const random = seededRandom(11);
  const pValues = Array.from({ length: 3000 }, () => {
    const first = Float64Array.from({ length: 90 }, random.normal);
    return kolmogorovSmirnov(first, Float64Array.from({ length: 71 }, random.normal)).pValue;
  });
  for (const level of [0.05, 0.2, 0.5, 0.8]) {
    const share = pValues.filter((p) => p <= level).length / pValues.length;
    expect(Math.abs(share - level)).toBeLessThan(4 * Math.sqrt((level * (1 - level)) / 3000) + 0.005);
  }
});
