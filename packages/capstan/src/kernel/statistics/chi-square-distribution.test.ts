import { expect, test } from 'vitest';
import { chiSquareSurvival } from './chi-square-distribution.ts';
import golden from './golden/special-functions.json' with { type: 'json' };
import { expectRelative } from './testing/expect-close.ts';

test('the tail equals SciPy to 1e-300 and a million degrees', () => {
  for (const { x, degrees, survival } of golden.chiSquare) {
    expectRelative(chiSquareSurvival(x, degrees), survival, `chiSquareSurvival(${x}, ${degrees})`);
  }
});

test('golden values reach what they claim', () => {
  expect(Math.min(...golden.chiSquare.map((row) => row.survival))).toBeLessThan(1e-290);
  expect(Math.max(...golden.chiSquare.map((row) => row.degrees))).toBe(1_000_000);
});

test('bad arguments are refused by name', () => {
  expect(() => chiSquareSurvival(1, 0)).toThrow(/^degrees must be/);
  expect(() => chiSquareSurvival(-1, 3)).toThrow(/^x must be/);
});
