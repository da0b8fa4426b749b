import { expect, test } from 'vitest';
import * as fc from 'fast-check';
import { valueOf, valueOptimalThreshold } from './threshold.ts';

const flights = { truePositive: 12, falsePositive: -4, falseNegative: -6, trueNegative: 0 };

test('the threshold of the flight-delay charter', () => {
  expect(valueOptimalThreshold(flights)).toBeCloseTo(4 / 22, 12);
});

test('above it acting is worth more, below it not acting', () => {
  const cents = fc.integer({ min: 0, max: 1_000 });
  fc.assert(
    fc.property(
      cents,
      cents,
      fc.integer({ min: -500, max: 500 }),
      fc.double({ min: 0, max: 1, noNaN: true }),
      (gain, cost, base, p) => {
        fc.pre(gain + cost > 0);
        const value = { truePositive: base + gain, falseNegative: base, trueNegative: cost, falsePositive: 0 };
        const expected = (isPositive: boolean): number =>
          p * valueOf(value, isPositive, 1) + (1 - p) * valueOf(value, isPositive, 0);
        const threshold = valueOptimalThreshold(value);
        if (Math.abs(p - threshold) < 1e-9) return;
        expect(expected(true) > expected(false)).toBe(p > threshold);
      },
    ),
  );
});

test('a matrix that pays for mistakes is refused', () => {
  expect(() => valueOptimalThreshold({ ...flights, falsePositive: 5 })).toThrow('pays for wrong decisions');
  expect(() =>
    valueOptimalThreshold({ truePositive: 1, falseNegative: 1, trueNegative: 2, falsePositive: 2 }),
  ).toThrow();
});
