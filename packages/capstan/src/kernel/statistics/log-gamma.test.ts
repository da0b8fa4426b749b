import fc from 'fast-check';
import { expect, test } from 'vitest';
import { deviance } from './deviance.ts';
import golden from './golden/special-functions.json' with { type: 'json' };
import { logGamma } from './log-gamma.ts';
import { expectClose } from './testing/expect-close.ts';

test('log-gamma equals SciPy', () => {
  for (const { x, value } of golden.logGamma) expectClose(logGamma(x), value, `logGamma(${x})`);
});

test('log-gamma obeys its recurrence', () => {
  fc.assert(
    fc.property(fc.double({ min: 1e-6, max: 1e4, noNaN: true }), (x) => {
      expectClose(logGamma(x + 1), logGamma(x) + Math.log(x), `x = ${x}`);
    }),
  );
});

test('log-gamma refuses what is not positive', () => {
  for (const x of [0, -1, Number.NaN, Number.POSITIVE_INFINITY]) expect(() => logGamma(x)).toThrow(/^x must be/);
});

test('deviance is zero at the mean, and never negative', () => {
  const positive = fc.double({ min: 1e-6, max: 1e6, noNaN: true });
  fc.assert(fc.property(positive, (x) => deviance(x, x) === 0));
  fc.assert(fc.property(positive, positive, (x, mean) => deviance(x, mean) >= 0));
});

test('deviance keeps its digits near equality, and where the series takes over', () => {
  // x ln(x/m) + m - x = e^2/(2 m) (1 - e/(3 m) + e^2/(6 m^2) - ...) with e = x - m.
  expectClose(deviance(1e8 + 1, 1e8) / 5e-9, 1 - 1 / 3e8, 'near');
  // mean = x 11/9 is where |x - mean| is a tenth of the sum.
  const x = 900;
  for (const mean of [1099.999, 1100.001]) {
    expectClose(deviance(x, mean), x * Math.log(x / mean) + mean - x, `mean = ${mean}`);
  }
  expect(deviance(0, 3)).toBe(3);
});
