/** Comparison with golden values, shared by the tests of this folder. */
import { expect } from 'vitest';

const RELATIVE = 1e-9;
const ABSOLUTE = 1e-12;

/** Relative error at most 1e-9, or absolute error at most 1e-12: for values that may be near zero by cancellation. */
export function expectClose(actual: number, expected: number, label: string): void {
  const error = Math.abs(actual - expected);
  const isClose = actual === expected || error <= Math.max(ABSOLUTE, RELATIVE * Math.abs(expected));
  expect(isClose, `${label}: got ${actual}, expected ${expected}`).toBe(true);
}

/** Relative error at most 1e-9, however small the value: for probabilities, whose tails are the point. */
export function expectRelative(actual: number, expected: number, label: string): void {
  const isClose = actual === expected || Math.abs(actual - expected) <= RELATIVE * Math.abs(expected);
  expect(isClose, `${label}: got ${actual}, expected ${expected}`).toBe(true);
}
