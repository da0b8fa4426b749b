import fc from 'fast-check';
import { expect, test } from 'vitest';
import { BATCHING_DEFAULTS, createCostFit, nextMostRows, rowsToTake } from './model.ts';

test('without a delay all that waits goes, up to the most rows', () => {
  expect(rowsToTake({ rows: 3, oldestMs: 0 }, { maxDelayMs: 0, preferredRows: [8] }, 16)).toBe(16);
  expect(rowsToTake({ rows: 0, oldestMs: 0 }, { maxDelayMs: 0, preferredRows: [8] }, 16)).toBe(0);
});

test('with a delay preferred sizes go early, a full batch at once, the rest when the oldest has waited', () => {
  const options = { maxDelayMs: 5, preferredRows: [4, 8] };
  expect(rowsToTake({ rows: 3, oldestMs: 4 }, options, 16)).toBe(0);
  expect(rowsToTake({ rows: 7, oldestMs: 0 }, options, 16)).toBe(4);
  expect(rowsToTake({ rows: 12, oldestMs: 0 }, options, 16)).toBe(8);
  expect(rowsToTake({ rows: 16, oldestMs: 0 }, options, 16)).toBe(16);
  expect(rowsToTake({ rows: 1, oldestMs: 5 }, options, 16)).toBe(16);
});

test('the cost of rows is found again from executions, and follows when it changes', () => {
  const amount = fc.double({ min: 0.001, max: 10, noNaN: true });
  fc.assert(
    fc.property(amount, amount, (perRow, perRun) => {
      const fit = createCostFit();
      for (let rows = 1; rows <= 200; rows++) fit.observe(rows, 1_000);
      for (let rows = 1; rows <= 64; rows++) fit.observe(rows, perRow * rows + perRun);
      expect(fit.estimateMs(100) / (perRow * 100 + perRun)).toBeCloseTo(1, 4);
    }),
  );
});

test('executions of one size, or no cost of their own, give no estimate below nothing', () => {
  const fit = createCostFit();
  expect(fit.estimateMs(1_000)).toBe(0);
  for (let time = 0; time < 10; time++) fit.observe(10, 5);
  expect(fit.estimateMs(20)).toBeCloseTo(10, 6);
  const falling = createCostFit();
  for (let rows = 1; rows <= 10; rows++) falling.observe(rows, 100 - rows);
  expect(falling.estimateMs(1)).toBeGreaterThan(90);
  expect(falling.estimateMs(1_000)).toBeGreaterThan(90);
});

test('the most rows grow by one within the target and fall by a tenth past it, within their bounds', () => {
  const options = { maxRows: 100, targetMs: 10 };
  expect(nextMostRows(50, 9, options)).toBe(51);
  expect(nextMostRows(50, 11, options)).toBe(45);
  expect(nextMostRows(100, 9, options)).toBe(100);
  expect(nextMostRows(1, 11, options)).toBe(1);
  expect(nextMostRows(7, 1_000, BATCHING_DEFAULTS)).toBe(BATCHING_DEFAULTS.maxRows);
});
