import { expect, test } from 'vitest';
import { keepLastLines } from './last-lines.ts';

function setup() {
  const heard: string[] = [];
  const clock = { nowMs: 0 };
  const lines = keepLastLines(
    () => clock.nowMs,
    (line) => heard.push(line),
  );
  return { heard, clock, lines, push: (text: string) => lines.push(Buffer.from(text)) };
}

test('lines are put together from pieces, characters too', () => {
  const { heard, lines, push } = setup();
  const bytes = Buffer.from('ä');
  push('one\ntw');
  lines.push(bytes.subarray(0, 1));
  lines.push(bytes.subarray(1));
  expect(lines.lines()).toEqual(['one', 'twä']);
  push('\r\n');
  expect(heard).toEqual(['one', 'twä']);
});

test('the last fifty are kept, none longer than 2,000 characters', () => {
  const { lines, push } = setup();
  for (let line = 0; line < 200; line++) push(`${line}\n`);
  for (let piece = 0; piece < 100; piece++) push('x'.repeat(10_000));
  expect(lines.lines()).toHaveLength(50);
  expect(lines.lines().at(-1)).toHaveLength(2_000);
  expect(lines.lines()[0]).toBe('151');
});

test('a flood is passed on in part, and said to be', () => {
  const { heard, clock, push } = setup();
  push('line\n'.repeat(1_000));
  expect(heard).toHaveLength(100);
  clock.nowMs = 1_001;
  push('next\n');
  expect(heard.slice(100)).toEqual(['(900 lines left out)', 'next']);
});
