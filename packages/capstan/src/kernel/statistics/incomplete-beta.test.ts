import fc from 'fast-check';
import { expect, test } from 'vitest';
import golden from './golden/special-functions.json' with { type: 'json' };
import { logBetaKernel, logLowerBeta, logUpperBeta } from './incomplete-beta.ts';
import { logGamma } from './log-gamma.ts';
import { expectClose } from './testing/expect-close.ts';

test('both tails equal the golden values on the log scale', () => {
  for (const { a, b, x, logLower, logUpper } of golden.beta) {
    expectClose(logLowerBeta(a, b, x), logLower, `logLowerBeta(${a}, ${b}, ${x})`);
    expectClose(logUpperBeta(a, b, x), logUpper, `logUpperBeta(${a}, ${b}, ${x})`);
  }
});

const shape = fc.double({ min: 0.05, max: 500, noNaN: true });
const place = fc.double({ min: 0.001, max: 0.999, noNaN: true });

test('the tails sum to one', () => {
  fc.assert(
    fc.property(shape, shape, place, (a, b, x) => {
      expectClose(Math.exp(logLowerBeta(a, b, x)) + Math.exp(logUpperBeta(a, b, x)), 1, `${a}, ${b}, ${x}`);
    }),
  );
});

test('mirroring swaps the tails', () => {
  fc.assert(
    fc.property(shape, shape, fc.integer({ min: 1, max: 1023 }), (a, b, k) => {
      const x = k / 1024;
      expectClose(logLowerBeta(a, b, x), logUpperBeta(b, a, 1 - x), `${a}, ${b}, ${x}`);
    }),
  );
});

test('the kernel equals its definition by log-gammas, where those do not cancel', () => {
  fc.assert(
    fc.property(shape, shape, place, (a, b, x) => {
      const logBeta = logGamma(a) + logGamma(b) - logGamma(a + b);
      const expected = a * Math.log(x) + b * Math.log1p(-x) - logBeta;
      expect(Math.abs(logBetaKernel(a, b, x) - expected)).toBeLessThan(1e-10);
    }),
  );
});

test('bad arguments are refused by name', () => {
  expect(() => logLowerBeta(0, 1, 0.5)).toThrow(/^a must be/);
  expect(() => logUpperBeta(1, Number.NaN, 0.5)).toThrow(/^b must be/);
  for (const x of [0, 1, Number.NaN]) expect(() => logBetaKernel(1, 1, x)).toThrow(/^x must be/);
});
