import fc from 'fast-check';
import { expect, test } from 'vitest';
import { areaUnderRoc, brierScore, expectedCalibrationError, logLoss, logLossOf } from './classification-metrics.ts';
import golden from './golden/comparisons.json' with { type: 'json' };
import { expectClose } from './testing/expect-close.ts';

test('all four equal SciPy and NumPy', () => {
  for (const { labels, probabilities, auc, ...expected } of golden.classification) {
    const label = `${labels.join()} | ${probabilities.join()}`;
    expectClose(areaUnderRoc(labels, probabilities) ?? Number.NaN, auc, `auc ${label}`);
    expectClose(logLoss(labels, probabilities), expected.logLoss, `log loss ${label}`);
    expectClose(brierScore(labels, probabilities), expected.brier, `brier ${label}`);
    expectClose(expectedCalibrationError(labels, probabilities), expected.calibrationError, `calibration ${label}`);
  }
});

const row = fc.record({ label: fc.constantFrom(0, 1), probability: fc.integer({ min: 0, max: 20 }) });
const rows = fc.array(row, { minLength: 1, maxLength: 40 });

test('AUC is a count of pairs, and reverses with the scores', () => {
  fc.assert(
    fc.property(rows, (list) => {
      const labels = list.map((entry) => entry.label);
      const scores = list.map((entry) => entry.probability / 20);
      const wins: number[] = [];
      for (const positive of list.filter((entry) => entry.label === 1)) {
        for (const negative of list.filter((entry) => entry.label === 0)) {
          wins.push((Math.sign(positive.probability - negative.probability) + 1) / 2);
        }
      }
      const auc = areaUnderRoc(labels, scores);
      if (wins.length === 0) {
        expect(auc).toBeNull();
        return;
      }
      expectClose(auc ?? Number.NaN, wins.reduce((a, b) => a + b) / wins.length, 'pairs');
      expectClose(
        areaUnderRoc(
          labels,
          scores.map((score) => 1 - score),
        ) ?? Number.NaN,
        1 - (auc ?? 0),
        'reversed',
      );
    }),
  );
});

test('all are in range, and zero (AUC: one) for perfect certainty', () => {
  fc.assert(
    fc.property(rows, (list) => {
      const labels = list.map((entry) => entry.label);
      const scores = list.map((entry) => entry.probability / 20);
      for (const value of [brierScore(labels, scores), expectedCalibrationError(labels, scores)]) {
        expect(value).toBeGreaterThanOrEqual(0);
        expect(value).toBeLessThanOrEqual(1);
      }
      expect(logLoss(labels, scores)).toBeGreaterThanOrEqual(0);
      expect(logLoss(labels, scores)).toBeLessThanOrEqual(-Math.log(1e-15));
      expect([logLoss(labels, labels), brierScore(labels, labels)]).toEqual([0, 0]);
      expect(expectedCalibrationError(labels, labels)).toBe(0);
    }),
  );
});

test('log loss is clipped where it would be infinite, and keeps the digits of tiny chances', () => {
  expectClose(logLossOf(1, 0), -Math.log(1e-15), 'sure and wrong');
  expectClose(logLossOf(0, 1, 0.01), -Math.log(0.01), 'other clip');
  expect(logLossOf(0, 1e-17)).toBe(1e-17);
  expect(Object.is(logLossOf(1, 1), 0)).toBe(true);
});

test('bad arguments are refused by name', () => {
  expect(() => logLoss([], [])).toThrow(/^labels must not be empty/);
  expect(() => brierScore([1], [0.5, 0.5])).toThrow(/same length/);
  expect(() => areaUnderRoc([0, 2], [0.5, 0.5])).toThrow(/^labels\[1\] must be 0 or 1/);
  expect(() => areaUnderRoc([0, 1], [0.5, Number.NaN])).toThrow(/^probabilities\[1\]/);
  expect(() => logLossOf(1, 0.5, 0)).toThrow(/^clip must be/);
  expect(() => expectedCalibrationError([1], [0.5], 0)).toThrow(/^binCount must be/);
});
