import fc from 'fast-check';
import { expect, test } from 'vitest';
import golden from './golden/special-functions.json' with { type: 'json' };
import { normalCdf, normalQuantile, normalSurvival } from './normal-distribution.ts';
import { expectClose, expectRelative } from './testing/expect-close.ts';

test('both tails equal SciPy to 1e-299', () => {
  for (const { z, survival, cdf } of golden.normal) {
    expectRelative(normalSurvival(z), survival, `survival(${z})`);
    expectRelative(normalCdf(z), cdf, `cdf(${z})`);
  }
  expect(normalSurvival(Number.POSITIVE_INFINITY)).toBe(0);
  expect(normalCdf(Number.POSITIVE_INFINITY)).toBe(1);
});

test('quantiles equal SciPy', () => {
  for (const { p, quantile } of golden.normalQuantile) expectClose(normalQuantile(p), quantile, `quantile(${p})`);
});

test('the quantile undoes the distribution function', () => {
  fc.assert(
    fc.property(fc.double({ min: -37, max: 5, noNaN: true }), (z) => {
      expect(Math.abs(normalQuantile(normalCdf(z)) - z)).toBeLessThan(1e-9);
    }),
  );
});

test('bad arguments are refused by name', () => {
  expect(() => normalCdf(Number.NaN)).toThrow(/^z must be/);
  for (const p of [0, 1, -0.1, Number.NaN]) expect(() => normalQuantile(p)).toThrow(/^p must be/);
});
