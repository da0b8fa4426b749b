import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { CategoryValue, NumericValue } from './binning.ts';
import {
  binLabels,
  countCategories,
  countNumbers,
  freezeCategoryBins,
  freezeNumericBins,
  mergeCounts,
} from './binning.ts';

const numbers: fc.Arbitrary<NumericValue[]> = fc.array(
  fc.oneof(fc.integer({ min: -50, max: 50 }), fc.double(), fc.constantFrom(null, undefined, Number.NaN)),
);
const words: fc.Arbitrary<CategoryValue[]> = fc.array(
  fc.oneof(fc.constantFrom('a', 'b', 'c', ''), fc.string(), fc.constantFrom(null, undefined)),
);

describe('numeric bins', () => {
  test('a spread reference fills its bins equally', () => {
    const reference = Array.from({ length: 1000 }, (_, i) => Math.sqrt(i));
    const bins = freezeNumericBins(reference, 10);
    expect(countNumbers(bins, reference)).toEqual([0, ...Array.from({ length: 10 }, () => 100), 0, 0]);
  });

  test('few distinct values get a bin each', () => {
    const bins = freezeNumericBins([1, 1, 2, 2, 2, 3, 3, 3, 3], 10);
    expect(bins).toEqual({ kind: 'numeric', minimum: 1, upperEdges: [1, 2, 3] });
    expect(binLabels(bins)).toEqual(['below', '[1, 1]', '(1, 2]', '(2, 3]', 'above', 'missing']);
    expect(countNumbers(bins, [0, 1, 1.5, 2, 3, 3.01, null])).toEqual([1, 1, 2, 1, 1, 1]);
  });

  test('a constant column that moves either way is seen, and so is one that goes missing', () => {
    const bins = freezeNumericBins([5, 5, 5]);
    expect(countNumbers(bins, [5])).toEqual([0, 1, 0, 0]);
    expect(countNumbers(bins, [4, 6, 6])).toEqual([1, 0, 2, 0]);
    expect(countNumbers(bins, [null, undefined, Number.NaN])).toEqual([0, 0, 0, 3]);
  });

  test('infinite values fall outside and make no edge', () => {
    const infinity = Number.POSITIVE_INFINITY;
    const bins = freezeNumericBins([-infinity, 1, 2, infinity, infinity], 2);
    expect(bins).toEqual({ kind: 'numeric', minimum: 1, upperEdges: [1, 2] });
    expect(countNumbers(bins, [-infinity, 1, 2, infinity, infinity])).toEqual([1, 1, 1, 2, 0]);
  });

  test('a reference without numbers calls every number out of range', () => {
    const bins = freezeNumericBins([null, Number.NaN]);
    expect(bins).toEqual({ kind: 'numeric', minimum: null, upperEdges: [] });
    expect(binLabels(bins)).toEqual(['below', 'above', 'missing']);
    expect(countNumbers(bins, [-3, 3, null])).toEqual([0, 2, 1]);
  });

  test('bins survive JSON, hold every value once, and count parts as the whole', () => {
    fc.assert(
      fc.property(numbers, numbers, numbers, fc.integer({ min: 1, max: 20 }), (reference, a, b, binCount) => {
        const frozen = freezeNumericBins(reference, binCount);
        const bins: typeof frozen = JSON.parse(JSON.stringify(frozen));
        const whole = countNumbers(frozen, [...a, ...b]);
        expect(mergeCounts(countNumbers(bins, a), countNumbers(bins, b))).toEqual(whole);
        expect(whole.reduce((sum, count) => sum + count, 0)).toBe(a.length + b.length);
        expect(binLabels(bins)).toHaveLength(whole.length);
        expect(bins.upperEdges.length).toBeLessThanOrEqual(binCount);
        expect(bins.upperEdges).toEqual(bins.upperEdges.toSorted((s, t) => s - t));
      }),
    );
  });

  test('no reference value is out of the reference range', () => {
    fc.assert(
      fc.property(fc.array(fc.double({ noNaN: true, noDefaultInfinity: true }), { minLength: 1 }), (reference) => {
        const counts = countNumbers(freezeNumericBins(reference), reference);
        expect([counts.at(0), counts.at(-2), counts.at(-1)]).toEqual([0, 0, 0]);
      }),
    );
  });
});

describe('category bins', () => {
  test('the most frequent get a bin, ties by name; the rest and the unseen share one', () => {
    const bins = freezeCategoryBins(['b', 'c', 'a', 'c', null, 'd', 'a', 'c'], 3);
    expect(bins.categories).toEqual(['c', 'a', 'b']);
    expect(binLabels(bins)).toEqual(['c', 'a', 'b', 'other', 'missing']);
    expect(countCategories(bins, ['c', 'c', 'b', 'd', 'never seen', undefined])).toEqual([2, 0, 1, 2, 1]);
  });

  test('the empty string is a category, as is the name of a special bin', () => {
    const bins = freezeCategoryBins(['', 'missing', 'missing', 'constructor']);
    expect(countCategories(bins, ['', 'missing', null, 'constructor', '__proto__'])).toEqual([1, 1, 1, 1, 1]);
  });

  test('row order does not matter, every value counts once, parts count as the whole', () => {
    fc.assert(
      fc.property(words, words, words, (reference, a, b) => {
        const bins = freezeCategoryBins(reference, 4);
        expect(freezeCategoryBins(reference.toReversed(), 4)).toEqual(bins);
        const whole = countCategories(bins, [...a, ...b]);
        expect(mergeCounts(countCategories(bins, a), countCategories(bins, b))).toEqual(whole);
        expect(whole.reduce((sum, count) => sum + count, 0)).toBe(a.length + b.length);
      }),
    );
  });
});

test('bad arguments are refused by name', () => {
  expect(() => freezeNumericBins([1], 0)).toThrow(/^binCount must be/);
  expect(() => freezeCategoryBins(['a'], 1.5)).toThrow(/^maxCategories must be/);
  expect(() => mergeCounts([1], [1, 2])).toThrow(/same length/);
  expect(() => mergeCounts([1], [-1])).toThrow(/^second\[0\]/);
});
