import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { withIgnored, withoutIgnored } from '../index.ts';

describe('.gitignore', () => {
  it('gets a line for a name, once', () => {
    expect(withIgnored(undefined, 'data')).toBe('/data\n');
    expect(withIgnored('*.pyc', 'data')).toBe('*.pyc\n/data\n');
    expect(withIgnored('/data\r\n*.pyc\r\n', 'data')).toBeUndefined();
    expect(withIgnored('/data2\n', 'data')).toBe('/data2\n/data\n');
    // As `dvc add` wrote it.
    expect(withIgnored('', 'x [1]* #!.txt')).toBe('/x \\[1\\]\\* \\#\\!.txt\n');
  });

  it('loses it again, and nothing else', () => {
    expect(withoutIgnored('# mine\r\n/data\n\n/data2\n/da*\n', 'data')).toBe('# mine\r\n\n/data2\n/da*\n');
    expect(withoutIgnored('/x \\[1\\]\n/x [1]\nb', 'x [1]')).toBe('b');
    expect(withoutIgnored('/data\n', 'data')).toBe('');
    expect(withoutIgnored('data\n', 'data')).toBeUndefined();
    expect(withoutIgnored(undefined, 'data')).toBeUndefined();
  });

  it.each([
    'a',
    'x [1]*?.txt',
    '#c',
    '!d',
    'back\\slash',
    'end ',
    'two  ',
    ' start',
    'tab\t',
    'é',
    'line\nend',
    "it's",
  ])('makes Git ignore the name %j and no other', (name) => {
    const folder = mkdtempSync(join(tmpdir(), 'capstan-ignore-'));
    try {
      execFileSync('git', ['init', '-q', folder]);
      writeFileSync(join(folder, '.gitignore'), withIgnored(undefined, name) ?? '');
      for (const each of [name, 'x 1.txt', 'other']) writeFileSync(join(folder, each), '');
      const untracked = execFileSync('git', ['ls-files', '-oz', '--exclude-standard'], {
        cwd: folder,
        encoding: 'utf8',
      });
      expect(untracked.split('\0').filter(Boolean).toSorted()).toEqual(['.gitignore', 'other', 'x 1.txt']);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
