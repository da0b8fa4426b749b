import { expect, test } from 'vitest';
import { bytesIn } from './byte-size.ts';

test.each([
  ['1024', 1_024],
  ['500MB', 500_000_000],
  ['8 GiB', 8 * 2 ** 30],
  [' 1.5K ', 1_500],
  ['0', undefined],
  ['-1G', undefined],
  ['8 gib', undefined],
  ['lots', undefined],
  ['9999999T', undefined],
])('%j is %s bytes', (text, bytes) => {
  expect(bytesIn(text)).toBe(bytes);
});
