import fc from 'fast-check';
import { expect, test } from 'vitest';
import { CRASH_WINDOW_MS, restartAfter } from './restarts.ts';

const chance = fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true });

test('a single crash is made good at once', () => {
  fc.assert(
    fc.property(chance, fc.nat(), (drawn, agoMs) => {
      const old = 1_000_000 - CRASH_WINDOW_MS - agoMs;
      const facts = { nowMs: 1_000_000, maxCrashes: 5, chance: drawn };
      expect(restartAfter([old, 1_000_000], facts)).toEqual({ kind: 'start', afterMs: 0 });
    }),
  );
});

test('more of them wait longer, never for more than ten seconds, and differ by chance', () => {
  fc.assert(
    fc.property(chance, fc.integer({ min: 2, max: 30 }), (drawn, count) => {
      const facts = { nowMs: 0, maxCrashes: 100, chance: drawn };
      const { kind, afterMs } = restartAfter(Array<number>(count).fill(0), facts);
      const before = restartAfter(Array<number>(count - 1).fill(0), facts).afterMs;
      expect(kind).toBe('start');
      expect(afterMs).toBeGreaterThanOrEqual(before);
      expect(afterMs).toBeLessThanOrEqual(10_000);
      if (drawn > 1e-6)
        expect(afterMs).toBeGreaterThan(restartAfter(Array<number>(count).fill(0), { ...facts, chance: 0 }).afterMs);
    }),
  );
});

test('too many within a minute rest', () => {
  const facts = { nowMs: 60_000, maxCrashes: 5, chance: 0 };
  expect(restartAfter([1, 2, 3, 4, 60_000], facts)).toEqual({ kind: 'rest', afterMs: 30_000 });
  expect(restartAfter([0, 2, 3, 4, 60_000], facts).kind).toBe('start');
});
