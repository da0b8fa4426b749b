// Data of one checkout, tracked and brought back by Capstan and by the real dvc in turns.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, cpSync, mkdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { initWithDvc } from '../support/dvc-init.ts';
import { findDvc } from '../support/python.ts';
import { doneAsAda, runAsAda } from '../support/run-as-ada.ts';
import { capstan, emptyFolder } from '../support/server.ts';

let dvcProgram = '';
let root = '';

beforeAll(async () => {
  dvcProgram = await findDvc();
});

const dvc = (args: readonly string[], folder = root): string => doneAsAda(folder, dvcProgram, args).out;

function git(...args: readonly string[]): void {
  expect(runAsAda(root, 'git', args).code).toBe(0);
}

async function ours(...args: readonly string[]): Promise<string> {
  const { code, out, err } = await capstan(args, undefined, root);
  expect(err).toBe('');
  expect(code).toBe(0);
  return out;
}

function write(path: string, content: string | Buffer, mode?: number): void {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), content);
  if (mode !== undefined) chmodSync(join(root, path), mode);
}

const read = (path: string): string => readFileSync(join(root, path), 'utf8');

function writeData(): void {
  write('data/images/a.txt', 'a\n');
  write('data/images/deep/er/b.txt', 'b\r\n');
  write('data/images/ü "q"\n.txt', 'odd name\n');
  write('data/images/\u{1F600}', 'after\n');
  write('data/images/\uFF5E', 'before\n');
  write('data/images/run.sh', '#!/bin/sh\n', 0o755);
  symlinkSync('a.txt', join(root, 'data/images/link.txt'));
  symlinkSync('deep', join(root, 'data/images/folder-link'));
  write('data/empty', '');
  write('tool.sh', '#!/bin/sh\n', 0o755);
  write('data/big.bin', Buffer.alloc(3_000_000, 7));
}

const TRACKED = ['data/images', 'data/empty', 'tool.sh', 'data/big.bin'];
const DATA_FILES = TRACKED.map((path) => `${path}.dvc`);

beforeEach(() => {
  root = join(emptyFolder(), 'repository');
  initWithDvc(root, dvcProgram);
});

describe('tracking', () => {
  test('writes what dvc writes: data files, .gitignore, objects', async () => {
    writeData();
    const twin = join(emptyFolder(), 'twin');
    cpSync(root, twin, { recursive: true, verbatimSymlinks: true });
    await ours('add', ...TRACKED);
    dvc(['add', '-q', ...TRACKED], twin);
    for (const file of [...DATA_FILES, '.gitignore', 'data/.gitignore'])
      expect(read(file), file).toBe(readFileSync(join(twin, file), 'utf8'));
    const objects = (folder: string): string =>
      runAsAda(folder, 'sh', ['-c', 'cd .dvc/cache && find . -type f -exec stat -c "%n %a %s" {} + | sort']).out;
    expect(objects(root)).toBe(objects(twin));
    expect(dvc(['status'])).toContain('up to date');
  });

  test('a change is taken up by either, and nothing is left to do for the other', async () => {
    writeData();
    dvc(['add', '-q', ...TRACKED]);
    expect(await ours('add', 'data/images')).toContain('as it was');
    write('data/images/a.txt', 'changed\n');
    write('data/images/new.txt', 'new\n');
    rmSync(join(root, 'data/images/deep/er/b.txt'));
    await ours('add', 'data/images');
    expect(dvc(['status'])).toContain('up to date');
    const ofOurs = read('data/images.dvc');
    dvc(['add', '-q', 'data/images']);
    expect(read('data/images.dvc')).toBe(ofOurs);
  });

  test('one path of a tracked folder is added alone', async () => {
    writeData();
    dvc(['add', '-q', ...TRACKED]);
    write('data/images/a.txt', 'changed\n');
    write('data/images/not-added.txt', 'new\n');
    const twin = join(emptyFolder(), 'twin');
    cpSync(root, twin, { recursive: true, verbatimSymlinks: true });
    await ours('add', 'data/images/a.txt');
    dvc(['add', '-q', 'data/images/a.txt'], twin);
    expect(read('data/images.dvc')).toBe(readFileSync(join(twin, 'data/images.dvc'), 'utf8'));
  });

  test('comments and notes of a data file stay', async () => {
    write('a.csv', '1\n');
    dvc(['add', '-q', 'a.csv']);
    write('a.csv.dvc', `# where it is from\n${read('a.csv.dvc')}  desc: first\nmeta:\n  team: x\n`);
    write('a.csv', '2\n');
    await ours('add', 'a.csv');
    expect(read('a.csv.dvc')).toMatch(/^# where it is from\n/);
    expect(read('a.csv.dvc')).toContain('desc: first');
    expect(read('a.csv.dvc')).toContain('team: x');
    expect(dvc(['status'])).toContain('up to date');
  });

  test('ignored files are left out as dvc leaves them', async () => {
    write('.dvcignore', '*.tmp\n!keep.tmp\n/data/images/cache/\n');
    writeData();
    for (const path of ['x.tmp', 'keep.tmp', 'cache/y', 'deep/z.tmp']) write(`data/images/${path}`, path);
    await ours('add', 'data/images');
    const ofOurs = read('data/images.dvc');
    dvc(['add', '-q', 'data/images']);
    expect(read('data/images.dvc')).toBe(ofOurs);
  });
});

describe('bringing back', () => {
  test('each brings back what the other has tracked', async () => {
    writeData();
    await ours('add', 'data/images', 'tool.sh');
    dvc(['add', '-q', 'data/empty', 'data/big.bin']);
    for (const path of TRACKED) rmSync(join(root, path), { recursive: true });
    expect(await ours('checkout')).toContain('added  data/images  7 written, 0 removed');
    expect(dvc(['status'])).toContain('up to date');
    expect(statSync(join(root, 'tool.sh')).mode & 0o777).toBe(0o744);
    for (const path of TRACKED) rmSync(join(root, path), { recursive: true });
    dvc(['checkout', '-q']);
    expect(await ours('checkout')).toBe('All data is as its .dvc files say.\n');
  });

  test('an older version takes files away and puts others back', async () => {
    writeData();
    await ours('add', 'data/images');
    git('add', '.');
    git('commit', '-qm', 'first');
    write('data/images/a.txt', 'second\n');
    write('data/images/second/only.txt', 'second\n');
    await ours('add', 'data/images');
    git('commit', '-qam', 'second');
    git('checkout', '-q', 'HEAD~1');
    expect(await ours('checkout')).toBe('modified  data/images  2 written, 1 removed\n');
    expect(read('data/images/a.txt')).toBe('a\n');
    expect(dvc(['status'])).toContain('up to date');
  });

  test('what only the checkout holds is not written over, unless it is asked for', async () => {
    writeData();
    await ours('add', 'data/images');
    write('data/images/a.txt', 'precious\n');
    const refused = await capstan(['checkout'], undefined, root);
    expect(refused).toMatchObject({ code: 5, out: '' });
    expect(refused.err).toContain("'data/images/a.txt' and 1 more would be lost");
    expect(read('data/images/a.txt')).toBe('precious\n');
    await ours('checkout', '--force');
    expect(read('data/images/a.txt')).toBe('a\n');
  });

  test('a damaged object is named and never restored, which dvc does', async () => {
    write('a.csv', 'whole\n');
    await ours('add', 'a.csv');
    const md5 = /md5: (\w+)/.exec(read('a.csv.dvc'))?.[1] ?? '';
    const object = join(root, '.dvc/cache/files/md5', md5.slice(0, 2), md5.slice(2));
    chmodSync(object, 0o644);
    writeFileSync(object, 'harmed\n');
    chmodSync(object, 0o444);
    rmSync(join(root, 'a.csv'));
    const refused = await capstan(['checkout'], undefined, root);
    expect(refused.code).not.toBe(0);
    expect(refused.err).toContain(`${md5.slice(2)} is damaged`);
    expect(statSync(join(root, 'a.csv'), { throwIfNoEntry: false })).toBeUndefined();
  });

  test.each(['hardlink', 'symlink'])('with links of the kind %s', async (kind) => {
    dvc(['config', 'cache.type', kind]);
    writeData();
    await ours('add', 'data/images', 'data/big.bin');
    for (const file of ['data/big.bin', 'data/images/a.txt', 'data/images/link.txt'])
      expect(statSync(join(root, file)).mode & 0o222, file).toBe(0);
    expect(dvc(['status'])).toContain('up to date');
    rmSync(join(root, 'data/images'), { recursive: true });
    await ours('checkout');
    expect(dvc(['status'])).toContain('up to date');
    expect(statSync(join(root, 'data/images/a.txt')).mode & 0o222).toBe(0);
  });
});

describe('refusals say how to go on and change nothing', () => {
  test.each([
    ['nothing there', ['add', 'nowhere'], 3, 'There is nothing at nowhere'],
    ['what Git tracks', ['add', 'code.py'], 5, 'git rm -r --cached'],
    ['outside', ['add', '../outside'], 2, 'outside the repository'],
    ['a folder with tracked data in it', ['add', 'data'], 5, "'data/images', which lies in 'data'"],
    ['twice', ['add', 'new/a', 'new'], 5, 'lie in each other'],
    ['ignored', ['add', 'x.tmp'], 2, '.dvcignore'],
    ['a broken link inside', ['add', 'broken'], 2, 'broken/link is a link to nothing'],
    ['a time to wait that is none', ['add', 'new/a', '--wait', 'soon'], 2, '--wait takes seconds'],
    ['not tracked', ['checkout', 'code.py'], 3, 'capstan add'],
  ])('%s', async (_, args, code, words) => {
    writeData();
    write('code.py', '1\n');
    write('new/a', '1\n');
    write('.dvcignore', '*.tmp\n');
    write('x.tmp', '1\n');
    write('broken/whole', '1\n');
    symlinkSync('gone', join(root, 'broken/link'));
    git('add', 'code.py');
    dvc(['add', '-q', 'data/images']);
    const before = runAsAda(root, 'git', ['status', '--porcelain', '-uall']).out;
    const refused = await capstan(args, undefined, root);
    expect(refused).toMatchObject({ code, out: '' });
    expect(refused.err).toContain(words);
    expect(runAsAda(root, 'git', ['status', '--porcelain', '-uall']).out).toBe(before);
  });

  test('outside of any repository', async () => {
    const refused = await capstan(['add', 'x'], undefined, emptyFolder());
    expect(refused).toMatchObject({ code: 3 });
    expect(refused.err).toContain('capstan init');
  });
});

describe('a new repository', () => {
  test('is one for dvc, staged in Git', async () => {
    root = emptyFolder();
    git('init', '-q');
    expect(await ours('init')).toContain('.dvc/config');
    expect(runAsAda(root, 'git', ['status', '--porcelain']).out.split('\n')).toEqual([
      'A  .dvc/.gitignore',
      'A  .dvc/config',
      'A  .dvcignore',
      '',
    ]);
    write('a.csv', '1\n');
    dvc(['add', '-q', 'a.csv']);
    expect(await ours('add', 'a.csv')).toContain('as it was');
    expect((await capstan(['init'], undefined, root)).code).toBe(5);
  });

  test('without Git, where dvc would do the same', async () => {
    root = emptyFolder();
    expect((await capstan(['init'], undefined, root)).err).toContain('--no-scm');
    await ours('init', '--no-scm');
    write('a.csv', '1\n');
    await ours('add', 'a.csv');
    expect(dvc(['status'])).toContain('up to date');
    expect(statSync(join(root, '.gitignore'), { throwIfNoEntry: false })).toBeUndefined();
  });
});

test('waits for dvc, and says for whom', async () => {
  write('a.csv', '1\n');
  // What dvc does to lock: flock on the file, by whoever has it open.
  mkdirSync(join(root, '.dvc/tmp'), { recursive: true });
  const held = spawn('flock', [join(root, '.dvc/tmp/lock'), 'sleep', '1.5']);
  await expect.poll(() => runAsAda(root, 'flock', ['-n', join(root, '.dvc/tmp/lock'), 'true']).code).toBe(1);
  const refused = await capstan(['add', 'a.csv', '--wait', '0'], undefined, root);
  expect(refused).toMatchObject({ code: 5 });
  const waited = await capstan(['add', 'a.csv'], undefined, root);
  expect(waited).toMatchObject({ code: 0, out: 'a.csv is tracked by a.csv.dvc\n' });
  expect(waited.err).toContain('waiting for another command');
  if (held.exitCode === null) await once(held, 'exit');
});
