import fc from 'fast-check';
import { expect, test } from 'vitest';
import { weightedDifference } from './propensity-weighting.ts';
import { expectClose } from './testing/expect-close.ts';

test('plain weighting divides by the chance of the arm seen', () => {
  expectClose(weightedDifference({ outcome: 3, isCanary: true, canaryPropensity: 0.1 }), 30, 'canary');
  expectClose(weightedDifference({ outcome: 3, isCanary: false, canaryPropensity: 0.1 }), -3 / 0.9, 'champion');
});

test('averaged over the arm, it is the difference of outcomes, whatever was expected', () => {
  const value = fc.double({ min: -10, max: 10, noNaN: true });
  const propensity = fc.double({ min: 0.01, max: 0.99, noNaN: true });
  fc.assert(
    fc.property(value, value, value, value, propensity, (canary, champion, f, g, p) => {
      const expected = { canary: f, champion: g };
      const seen = weightedDifference({ outcome: canary, isCanary: true, canaryPropensity: p, expected });
      const unseen = weightedDifference({ outcome: champion, isCanary: false, canaryPropensity: p, expected });
      expect(Math.abs(p * seen + (1 - p) * unseen - (canary - champion))).toBeLessThan(1e-9);
    }),
  );
});

test('bad arguments are refused by name', () => {
  const example = { outcome: 1, isCanary: true, canaryPropensity: 0.5 };
  expect(() => weightedDifference({ ...example, outcome: Number.NaN })).toThrow(/^outcome must be/);
  for (const canaryPropensity of [0, 1, Number.NaN]) {
    expect(() => weightedDifference({ ...example, canaryPropensity })).toThrow(/^canaryPropensity must be/);
  }
  const expected = { canary: 0, champion: Number.NaN };
  expect(() => weightedDifference({ ...example, expected })).toThrow(/^expected.champion must be/);
});
