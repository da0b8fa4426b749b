import { expect, test } from 'vitest';
import { completeUntil, windowAt } from './window.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const MONDAY = Date.parse('2013-04-01T00:00:00Z');

test('weeks begin on Mondays, days at midnight, wherever the time lies', () => {
  expect(windowAt(7 * DAY, MONDAY + 3 * DAY)).toEqual({ start: MONDAY, end: MONDAY + 7 * DAY });
  expect(windowAt(7 * DAY, MONDAY - 1)).toEqual({ start: MONDAY - 7 * DAY, end: MONDAY });
  expect(windowAt(DAY, MONDAY)).toEqual({ start: MONDAY, end: MONDAY + DAY });
  expect(windowAt(DAY, Date.parse('1969-12-31T23:00:00Z')).end).toBe(Date.parse('1970-01-01T00:00:00Z'));
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
