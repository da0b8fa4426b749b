import { describe, expect, it } from 'vitest';
import { createTraceReader } from './trace-text.ts';

const read = (...lines: readonly string[]) => {
  const reader = createTraceReader();
  return lines.flatMap((line) => reader.read(line) ?? []);
};

describe('what strace writes', () => {
  it.each([
    ['7 openat(AT_FDCWD</r>, "a.csv", O_RDONLY|O_CLOEXEC) = 3</r/a.csv>', { path: '/r/a.csv', isWritten: false }],
    ['7 open("b", O_WRONLY|O_CREAT|O_TRUNC, 0666) = 4</r/b>', { path: '/r/b', isWritten: true }],
    ['7 openat(AT_FDCWD</r>, "log", O_RDWR) = 4</r/log>', { path: '/r/log', isWritten: true }],
    ['7 creat("c", 0644) = 4</r/c>', { path: '/r/c', isWritten: true }],
    ['7 openat2(AT_FDCWD</r>, "d", {flags=O_RDONLY, resolve=0}, 24) = 3</r/d>', { path: '/r/d', isWritten: false }],
    [
      String.raw`7 openat(AT_FDCWD</r>, "\303\274>\"\n", O_RDONLY) = 3</r/\303\274\76\"\n>`,
      { path: '/r/ü>"\n', isWritten: false },
    ],
  ])('%s', (line, expected) => expect(read(line)).toEqual([expected]));

  it.each([
    '7 openat(AT_FDCWD</r>, "gone", O_RDONLY) = -1 ENOENT (No such file or directory)',
    '7 openat(AT_FDCWD</r>, ".", O_RDONLY|O_DIRECTORY) = 3</r>',
    '7 openat(AT_FDCWD</r>, "p", O_RDONLY) = 3<pipe:[1]>',
    '7 +++ exited with 0 +++',
    '',
  ])('opens no file: %s', (line) => expect(read(line)).toEqual([]));

  it('calls that others cut in two are put together', () => {
    const opened = read(
      '7 openat(AT_FDCWD</r>, "a", O_RDONLY <unfinished ...>',
      '8 openat(AT_FDCWD</r>, "b", O_WRONLY|O_CREAT, 0666 <unfinished ...>',
      '7 <... openat resumed>) = 3</r/a>',
      '8 <... openat resumed>) = 3</r/b>',
    );
    expect(opened).toEqual([
      { path: '/r/a', isWritten: false },
      { path: '/r/b', isWritten: true },
    ]);
  });
});
