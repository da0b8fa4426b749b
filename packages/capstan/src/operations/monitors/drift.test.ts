import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { countNumbers, freezeNumericBins, type NumericBins } from '#kernel/statistics/binning';
import { defaultDriftLimits, judgeDrift, type ColumnReference } from './drift.ts';

/** Small, seeded and good enough to draw samples in a test. */
function generator(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

function sample(rows: number, next: () => number, shift = 0): number[] {
  return Array.from({ length: rows }, () => next() + next() + next() + shift);
}

function referenceOf(column: string, values: number[]): ColumnReference & { bins: NumericBins } {
  const bins = freezeNumericBins(values);
  return { column, bins, counts: countNumbers(bins, values) };
}

const next = generator(7);
const references = Array.from({ length: 20 }, (_, index) => referenceOf(`f${index}`, sample(20_000, next)));

function windowOf(rows: number, shifted: string | null, shift: number): Map<string, number[]> {
  return new Map(
    references.map(({ column, bins }) => [
      column,
      countNumbers(bins, sample(rows, next, column === shifted ? shift : 0)),
    ]),
  );
}

test('one broken column among twenty is found and named first', () => {
  const judgement = judgeDrift(references, windowOf(5_000, 'f13', 0.4));
  expect(judgement.verdict).toBe('drifted');
  expect(judgement.columns.filter((column) => column.verdict === 'drifted').map((column) => column.column)).toEqual([
    'f13',
  ]);
  expect(judgement.reason).toContain('f13');
});

test('clean windows raise no alarm', () => {
  const verdicts = Array.from({ length: 100 }, () => judgeDrift(references, windowOf(1_000, null, 0)).verdict);
  expect(verdicts.filter((verdict) => verdict !== 'steady')).toEqual([]);
});

test('a significant shift too small to matter is steady', () => {
  const judgement = judgeDrift(references, windowOf(50_000, 'f3', 0.02));
  const column = judgement.columns.find((entry) => entry.column === 'f3');
  expect(column?.adjusted).toBeLessThan(defaultDriftLimits.falseDiscoveryRate);
  expect(judgement.verdict).toBe('steady');
});

test('a column that goes missing is drift', () => {
  const current = windowOf(2_000, null, 0);
  const broken = references[4];
  current.set(
    'f4',
    countNumbers(
      broken?.bins as NumericBins,
      Array.from({ length: 2_000 }, () => null),
    ),
  );
  expect(judgeDrift(references, current).columns[0]).toMatchObject({
    column: 'f4',
    test: 'chi-square',
    verdict: 'drifted',
  });
});

describe('what cannot be judged is unknown, never steady', () => {
  test('too few rows', () => {
    expect(judgeDrift(references, windowOf(499, null, 0))).toMatchObject({ verdict: 'unknown', columns: [] });
  });
  test('a column that was not logged', () => {
    const current = windowOf(1_000, null, 0);
    current.delete('f2');
    expect(judgeDrift(references, current)).toMatchObject({ verdict: 'unknown', reason: 'not logged: f2' });
  });
  test('no reference', () => {
    expect(judgeDrift([], new Map()).verdict).toBe('unknown');
  });
});

test('the order of columns does not matter', () => {
  const current = windowOf(1_000, 'f1', 0.3);
  fc.assert(
    fc.property(fc.shuffledSubarray(references, { minLength: 20 }), (shuffled) => {
      expect(judgeDrift(shuffled, current)).toEqual(judgeDrift(references, current));
    }),
    { numRuns: 20 },
  );
});
