import fc from 'fast-check';
import { expect, test } from 'vitest';
import golden from './golden/special-functions.json' with { type: 'json' };
import { kolmogorovSurvival, limitingKolmogorovSurvival } from './kolmogorov-distribution.ts';
import { expectRelative } from './testing/expect-close.ts';

test('the tail of the finite statistic equals SciPy, by every method', () => {
  for (const { n, d, survival } of golden.kolmogorov) {
    expectRelative(kolmogorovSurvival(n, d), survival, `kolmogorovSurvival(${n}, ${d})`);
  }
});

test('the limiting tail equals SciPy', () => {
  for (const { z, survival } of golden.kolmogorovLimit) {
    expectRelative(limitingKolmogorovSurvival(z), survival, `limit(${z})`);
  }
});

test('the finite tail approaches the limit', () => {
  for (const z of [0.4, 0.8, 1.2]) {
    const gap = Math.abs(kolmogorovSurvival(4_000_000, z / 2000) - limitingKolmogorovSurvival(z));
    expect(gap).toBeLessThan(1e-3);
  }
});

test('survival stays in [0, 1] and falls with d', () => {
  const distance = fc.double({ min: 0, max: 1, noNaN: true });
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 300 }), distance, distance, (n, s, t) => {
      const nearer = kolmogorovSurvival(n, Math.min(s, t));
      const farther = kolmogorovSurvival(n, Math.max(s, t));
      expect(nearer).toBeLessThanOrEqual(1);
      expect(farther).toBeGreaterThanOrEqual(0);
      // The expansion used in the body of n > 140 meets the exact tail with a step below 1e-6.
      expect(farther).toBeLessThanOrEqual(nearer + 1e-6);
    }),
  );
});

test('bad arguments are refused by name', () => {
  for (const n of [0, 1.5, Number.NaN]) expect(() => kolmogorovSurvival(n, 0.5)).toThrow(/^n must be/);
  for (const d of [-0.1, 1.1, Number.NaN]) expect(() => kolmogorovSurvival(3, d)).toThrow(/^d must be/);
  expect(() => limitingKolmogorovSurvival(-1)).toThrow(/^z must be/);
});
