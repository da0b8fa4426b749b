import fc from 'fast-check';
import { expect, test } from 'vitest';
import golden from './golden/comparisons.json' with { type: 'json' };
import { fitShift, MAX_SHIFT, shiftedProbability } from './recalibration.ts';
import { expectClose } from './testing/expect-close.ts';

const labelled = (probabilities: readonly number[], labels: readonly number[]) =>
  probabilities.map((probability, index) => ({
    probability,
    label: labels[index] === 1 ? (1 as const) : (0 as const),
  }));

test('the shift is the root of the score that SciPy finds, shrunk by the prior', () => {
  for (const { probabilities, labels, priorRows, shift } of golden.shifts) {
    expectClose(
      fitShift(labelled(probabilities, labels), priorRows),
      shift,
      `${labels.length} rows, prior ${priorRows}`,
    );
  }
});

test('without a prior the shifted probabilities say on average what came true', () => {
  const row = fc.record({
    probability: fc.double({ min: 0.02, max: 0.98, noNaN: true }),
    label: fc.constantFrom(0 as const, 1 as const),
  });
  fc.assert(
    fc.property(fc.array(row, { minLength: 2, maxLength: 60 }), (rows) => {
      const shift = fitShift(rows, 0);
      expect(Math.abs(shift)).toBeLessThanOrEqual(MAX_SHIFT);
      if (Math.abs(shift) === MAX_SHIFT) return;
      const said = rows.reduce((sum, { probability }) => sum + shiftedProbability(probability, shift), 0);
      expect(said).toBeCloseTo(rows.filter(({ label }) => label === 1).length, 8);
    }),
  );
});

test('a shift taken back gives the probability again; none changes no bit; certainty stays certain', () => {
  const probability = fc.double({ min: 0, max: 1, noNaN: true });
  const shift = fc.double({ min: -MAX_SHIFT, max: MAX_SHIFT, noNaN: true });
  fc.assert(
    fc.property(probability, shift, (each, by) => {
      const there = shiftedProbability(each, by);
      expect(there).toBeGreaterThanOrEqual(0);
      expect(there).toBeLessThanOrEqual(1);
      expect(shiftedProbability(there, -by)).toBeCloseTo(each, 9);
      expect(shiftedProbability(each, 0)).toBe(each);
    }),
  );
  expect([shiftedProbability(0, 2), shiftedProbability(1, -2)]).toEqual([0, 1]);
});

test('nothing known moves nothing; outcomes that are all alike move by the bound', () => {
  expect(fitShift([], 0)).toBe(0);
  expect(fitShift(labelled([0.2, 0.3], [1, 1]), 0)).toBe(MAX_SHIFT);
  expect(fitShift(labelled([0.2, 0.3], [0, 0]), 1e6)).toBe(-MAX_SHIFT);
});

test('bad arguments are refused by name', () => {
  expect(() => fitShift([], -1)).toThrow(/^priorRows must be/);
  expect(() => fitShift(labelled([1.1], [1]), 0)).toThrow(/^probability must be in/);
  expect(() => fitShift(labelled([Number.NaN], [1]), 0)).toThrow(/^probability must be/);
});
