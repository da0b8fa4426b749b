import { expect, test } from 'vitest';
import { oneLine } from './terminal.ts';
import { durationText, timeText } from './time-text.ts';

test('times are in UTC to the second; what is no time is shown as it is', () => {
  expect(timeText(1_700_000_000_123)).toBe('2023-11-14 22:13:20Z');
  expect(timeText(0)).toBe('1970-01-01 00:00:00Z');
  expect(timeText(9_000_000_000_000_000)).toBe('9000000000000000');
});

test.each([
  [0, '0 ms'],
  [350, '350 ms'],
  [1_000, '1 s'],
  [12_540, '12.5 s'],
  [90_000, '1.5 min'],
  [9_000_000, '2.5 h'],
  [345_600_000, '4 d'],
])('%i ms is %s', (ms, text) => {
  expect(durationText(5, 5 + ms)).toBe(text);
});

test('what has not ended, or ended before it started, took nothing', () => {
  expect(durationText(5, null)).toBe('');
  expect(durationText(5, 4)).toBe('');
});

test('one line: what a terminal would obey is left out, and long text is cut', () => {
  expect(oneLine(' a\nb\u001b[31mc\u009b ')).toBe('a b [31mc');
  expect(oneLine('x'.repeat(61))).toBe(`${'x'.repeat(59)}…`);
  expect(oneLine('x'.repeat(60))).toBe('x'.repeat(60));
});
