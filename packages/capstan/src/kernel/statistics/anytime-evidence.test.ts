import { expect, test } from 'vitest';
import { anytimePValue, isRejected, lookAgain, NO_EVIDENCE } from './anytime-evidence.ts';

test('evidence remembers its largest value, and rejects for good', () => {
  const grown = lookAgain(NO_EVIDENCE, Math.log(20));
  const fallen = lookAgain(grown, -3);
  expect(fallen).toEqual({ logE: -3, maxLogE: Math.log(20) });
  expect(anytimePValue(fallen)).toBeCloseTo(0.05, 15);
  expect(isRejected(fallen, 0.05)).toBe(true);
  expect(isRejected(fallen, 0.049)).toBe(false);
});

test('no evidence is p = 1, whatever the process lost', () => {
  expect(anytimePValue(NO_EVIDENCE)).toBe(1);
  expect(anytimePValue(lookAgain(NO_EVIDENCE, -50))).toBe(1);
  expect(isRejected(lookAgain(NO_EVIDENCE, -50), 0.99)).toBe(false);
});

test('bad arguments are refused by name', () => {
  for (const alpha of [0, 1, -1, Number.NaN]) expect(() => isRejected(NO_EVIDENCE, alpha)).toThrow(/^alpha must be/);
  expect(() => lookAgain(NO_EVIDENCE, Number.NaN)).toThrow(/^logE must be/);
});
