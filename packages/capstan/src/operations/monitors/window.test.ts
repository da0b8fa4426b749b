import { expect, test } from 'vitest';
import { completeUntil, windowsBetween } from './window.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const MONDAY = Date.parse('2013-04-01T00:00:00Z');

test('weeks begin on Mondays, wherever the first row lies', () => {
  const windows = windowsBetween(7 * DAY, MONDAY + 3 * DAY, MONDAY + 20 * DAY, 10);
  expect(windows.map(({ start }) => start)).toEqual([MONDAY, MONDAY + 7 * DAY]);
  expect(windows.every(({ start, end }) => end - start === 7 * DAY)).toBe(true);
});

test('a window is closed when its end is reached, not before', () => {
  expect(windowsBetween(DAY, MONDAY, MONDAY + DAY - 1, 10)).toEqual([]);
  expect(windowsBetween(DAY, MONDAY, MONDAY + DAY, 10)).toHaveLength(1);
  expect(windowsBetween(DAY, MONDAY, MONDAY + 90 * DAY, 10)).toHaveLength(10);
});

test('time is complete up to the newest row, and a day late where nothing later has come', () => {
  expect(completeUntil(MONDAY, MONDAY - HOUR, 0)).toBe(MONDAY - HOUR);
  expect(completeUntil(MONDAY, null, 0)).toBe(MONDAY - DAY);
  expect(completeUntil(MONDAY, MONDAY - 5 * DAY, 0)).toBe(MONDAY - DAY);
  expect(completeUntil(MONDAY, MONDAY + 5 * DAY, 0)).toBe(MONDAY);
});

test('labels are given the time that they are declared to need', () => {
  expect(completeUntil(MONDAY, MONDAY, 2 * DAY)).toBe(MONDAY - 2 * DAY);
  expect(completeUntil(MONDAY, null, 2 * DAY)).toBe(MONDAY - 3 * DAY);
});
