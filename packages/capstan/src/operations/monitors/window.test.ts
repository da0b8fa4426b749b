import fc from 'fast-check';
import { expect, test } from 'vitest';
import { closedWindows } from './window.ts';

const WEEK = 7 * 86_400_000;
const DAY = 86_400_000;

test('a window closes when its last label may be in', () => {
  expect(closedWindows(0, WEEK, DAY, 0, WEEK)).toEqual([]);
  expect(closedWindows(0, WEEK, DAY, 0, WEEK + DAY)).toEqual([{ start: 0, end: WEEK }]);
  expect(closedWindows(0, WEEK, DAY, WEEK, 2 * WEEK + DAY)).toEqual([{ start: WEEK, end: 2 * WEEK }]);
});

test('however often one looks, each window is judged once, without gap or overlap', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 200 }), { maxLength: 20 }), fc.nat(1_000), (steps, origin) => {
      let now = origin;
      let judgedUntil = origin;
      const seen = [];
      for (const step of steps) {
        now += step;
        for (const window of closedWindows(origin, 70, 10, judgedUntil, now)) {
          seen.push(window);
          judgedUntil = window.end;
        }
      }
      expect(seen).toEqual(closedWindows(origin, 70, 10, origin, now));
    }),
  );
});
