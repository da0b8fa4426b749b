import { expect, test } from 'vitest';
import { statusLine, type StatusStream } from './status-line.ts';

const CLEAR = '\r\u001B[2K';

function setup(stream: Omit<StatusStream, 'write'>) {
  const written: string[] = [];
  return { written, ...statusLine({ ...stream, write: (text) => written.push(text) }) };
}

test('at a terminal the status is written anew below each line, and the empty one takes it away', () => {
  const { written, err, show } = setup({ isTTY: true, columns: 40 });
  err('first');
  show('day 1');
  show('day 1');
  err('decided');
  show('');
  err('last');
  expect(written).toEqual(['first\n', `${CLEAR}day 1`, `${CLEAR}decided\nday 1`, CLEAR, 'last\n']);
});

test('a status never fills the line, and holds nothing that a terminal obeys', () => {
  const { written, show } = setup({ isTTY: true, columns: 10 });
  show('a\nb\u001B[2Jc and more');
  expect(written).toEqual([`${CLEAR}a b [2Jc…`]);
});

test('where no terminal is, there are lines only', () => {
  const { written, err, show } = setup({});
  show('day 1');
  err('first');
  expect(written).toEqual(['first\n']);
});
