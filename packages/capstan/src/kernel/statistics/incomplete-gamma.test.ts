import fc from 'fast-check';
import { expect, test } from 'vitest';
import golden from './golden/special-functions.json' with { type: 'json' };
import { logUpperGamma, lowerGamma, upperGamma } from './incomplete-gamma.ts';
import { expectClose, expectRelative } from './testing/expect-close.ts';

test('the log of the upper function equals the golden values, also far below the smallest double', () => {
  for (const { a, x, logUpper } of golden.upperGamma) {
    expectClose(logUpperGamma(a, x), logUpper, `logUpperGamma(${a}, ${x})`);
  }
});

test('the lower function equals SciPy down to 1e-150', () => {
  for (const { a, x, lower } of golden.lowerGamma) expectRelative(lowerGamma(a, x), lower, `lowerGamma(${a}, ${x})`);
});

test('both functions are complements, and stay in [0, 1]', () => {
  const shape = fc.double({ min: 0.5, max: 1e4, noNaN: true });
  const ratio = fc.double({ min: 0, max: 4, noNaN: true });
  fc.assert(
    fc.property(shape, ratio, (a, scale) => {
      const lower = lowerGamma(a, a * scale);
      const upper = upperGamma(a, a * scale);
      expectClose(lower + upper, 1, `a = ${a}, x = ${a * scale}`);
      expect(Math.min(lower, upper)).toBeGreaterThanOrEqual(0);
      expect(Math.max(lower, upper)).toBeLessThanOrEqual(1);
    }),
  );
});

test('the upper function falls with x', () => {
  const shape = fc.double({ min: 0.5, max: 1000, noNaN: true });
  const ratio = fc.double({ min: 0, max: 4, noNaN: true });
  fc.assert(
    fc.property(shape, ratio, ratio, (a, s, t) => {
      const [low, high] = [Math.min(s, t) * a, Math.max(s, t) * a];
      // Equal to the last digits where both are one.
      expect(logUpperGamma(a, high)).toBeLessThanOrEqual(logUpperGamma(a, low) + 1e-12);
    }),
  );
});

test('the ends are exact', () => {
  expect(upperGamma(3, 0)).toBe(1);
  expect(lowerGamma(3, 0)).toBe(0);
  expect(upperGamma(3, Number.POSITIVE_INFINITY)).toBe(0);
  expect(lowerGamma(3, Number.POSITIVE_INFINITY)).toBe(1);
});

test('bad arguments are refused by name', () => {
  expect(() => upperGamma(0, 1)).toThrow(/^a must be/);
  expect(() => lowerGamma(1, -1)).toThrow(/^x must be/);
  expect(() => logUpperGamma(1, Number.NaN)).toThrow(RangeError);
});
