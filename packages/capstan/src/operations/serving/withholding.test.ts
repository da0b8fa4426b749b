import { afterEach, expect, test, vi } from 'vitest';
import { createWithholding, WITHHELD_FOR_MS } from './withholding.ts';

afterEach(() => vi.useRealTimers());

const told = { deployments: [{ deployment: 'iris', reason: 'it has other files' }], leavesPort: true };

test('a deployment is refused as long as the control plane says so, and others are answered', () => {
  const heard: boolean[] = [];
  const withholding = createWithholding((isLeft) => heard.push(isLeft));
  expect(() => withholding.check('iris')).not.toThrow();
  withholding.hear(told);
  expect(() => withholding.check('iris')).toThrow(
    expect.objectContaining({ code: 'UNAVAILABLE', message: expect.stringContaining('it has other files') }),
  );
  expect([withholding.isWithheld('iris'), withholding.isWithheld('flights')]).toEqual([true, false]);
  expect(() => withholding.check('flights')).not.toThrow();
  withholding.hear(undefined);
  expect(() => withholding.check('iris')).not.toThrow();
  expect(heard).toEqual([true, false]);
});

test('what was said lapses when the control plane says nothing more', () => {
  vi.useFakeTimers();
  const heard: boolean[] = [];
  const withholding = createWithholding((isLeft) => heard.push(isLeft));
  withholding.hear(told);
  vi.advanceTimersByTime(WITHHELD_FOR_MS - 1);
  withholding.hear(told);
  vi.advanceTimersByTime(WITHHELD_FOR_MS - 1);
  expect(withholding.isWithheld('iris')).toBe(true);
  vi.advanceTimersByTime(1);
  expect(withholding.isWithheld('iris')).toBe(false);
  expect(heard).toEqual([true, true, false]);
});
