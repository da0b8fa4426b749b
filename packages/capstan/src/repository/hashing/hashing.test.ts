import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  type Stats,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { rootIgnoreRules } from '#protocols/dvc';
import { openCache } from '../cache/object-cache.ts';
import { digestAt } from '../model.ts';
import { hashContent, type ContentSource } from '../tree/content.ts';
import { gather, readMemo, recall, writeMemo } from '../tree/memo-file.ts';
import { collectFacts, walkFolder, type FileColumns } from '../tree/walk.ts';
import { createHashPool } from './hash-pool.ts';
import { hashFile } from './md5-file.ts';

let root = '';
const pool = createHashPool(2);

beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'capstan-hashing-'));
});
afterAll(async () => {
  await pool.close();
  rmSync(root, { recursive: true });
});

const md5 = (bytes: string | Buffer): string => createHash('md5').update(bytes).digest('hex');

function write(path: string, content: string | Buffer): string {
  const whole = join(root, path);
  mkdirSync(dirname(whole), { recursive: true });
  writeFileSync(whole, content);
  return whole;
}

function sourceAt(folder: string): ContentSource {
  mkdirSync(join(root, folder), { recursive: true });
  const memoFolder = join(root, `${folder}-memo`);
  return { root: join(root, folder), rules: rootIgnoreRules(), pool, memoFolder, now: () => Date.now() };
}

describe('hashes of files', () => {
  test.each([0, 1, (1 << 20) - 1, 1 << 20, (1 << 20) + 1, 3 << 20])('%i bytes', (size) => {
    const bytes = Buffer.alloc(size, 'abc');
    const hashed = hashFile(write('sized', bytes));
    expect(hashed.digest.toString('hex')).toBe(md5(bytes));
    expect(hashed.sizeBytes).toBe(size);
    expect(hashed.bytes === null).toBe(size >= 1 << 20);
  });

  test.each([
    ['text', 'a\r\nb\r\n', 'a\nb\n'],
    ['a lone return', 'a\rb', 'a\rb'],
    ['binary by a NUL', 'a\0\r\n', 'a\0\r\n'],
    ['binary by strange bytes', 'é'.repeat(20) + '\r\n', 'é'.repeat(20) + '\r\n'],
  ])('as DVC 2 took them: %s', (_, content, taken) => {
    expect(hashFile(write('old', content), true).digest.toString('hex')).toBe(md5(taken));
  });

  test('many, over threads, in their order, with a failure by name', async () => {
    const paths = Array.from({ length: 1_500 }, (_, index) => `many/${index % 7}/${index}`);
    for (const path of paths) write(path, path);
    const store = { cache: join(root, 'many-cache'), by: 'copy' as const };
    const files = { root, paths, sizes: paths.map((path) => path.length), scheme: 'md5' as const, store };
    const { digests, sizes } = await pool.hash(files);
    for (const [index, path] of paths.entries()) expect(digestAt(digests, index)).toBe(md5(path));
    expect(sizes).toEqual(files.sizes);
    const object = join(store.cache, 'files/md5', md5('many/0/0').slice(0, 2), md5('many/0/0').slice(2));
    expect(readFileSync(object, 'utf8')).toBe('many/0/0');
    expect(statSync(object).mode & 0o777).toBe(0o444);
    const broken = pool.hash({ ...files, paths: [...paths, 'many/none'], sizes: [...files.sizes, 0] });
    await expect(broken).rejects.toMatchObject({ code: 'INVALID_ARGUMENT', field: 'many/none' });
    // The threads go on with what comes next.
    expect((await pool.hash(files)).sizes).toEqual(files.sizes);
  });

  test('a large file is copied whole, and nothing half is left', async () => {
    const bytes = Buffer.alloc(5 << 20, 'x');
    write('large', bytes);
    const cache = join(root, 'large-cache');
    await pool.hash({ root, paths: ['large'], sizes: [bytes.length], scheme: 'md5', store: { cache, by: 'copy' } });
    const digest = md5(bytes);
    expect(md5(readFileSync(join(cache, 'files/md5', digest.slice(0, 2), digest.slice(2))))).toBe(digest);
    expect(readdirSync(cache)).toEqual(['files']);
  });
});

describe('what was hashed is remembered', () => {
  const column = fc.double({ noNaN: true, noDefaultInfinity: true });
  const row = fc.record({
    path: fc.string({ unit: 'grapheme', minLength: 1 }).filter((path) => !path.includes('\0')),
    size: column,
    mtime: column,
    inode: column,
  });
  const byPath = (a: { path: string }, b: { path: string }): number =>
    Buffer.compare(Buffer.from(a.path), Buffer.from(b.path));
  const rows = fc.uniqueArray(row, { selector: ({ path }) => Buffer.from(path).toString('hex') });
  const factsOf = (all: readonly { path: string; size: number; mtime: number; inode: number }[]): FileColumns => ({
    paths: all.map(({ path }) => path),
    sizes: all.map(({ size }) => size),
    mtimes: all.map(({ mtime }) => mtime),
    inodes: all.map(({ inode }) => inode),
  });

  test('what is written is read, and recalled for exactly the files that are the same', () => {
    const file = join(root, 'memo');
    fc.assert(
      fc.property(rows, fc.infiniteStream(fc.constantFrom('same', 'gone', 'touched', 'joined')), (all, fates) => {
        const then = all.toSorted(byPath);
        const digests = Buffer.concat(then.map(({ path }) => createHash('md5').update(path).digest()));
        writeMemo(file, { facts: factsOf(then), digests, content: null }, Number.POSITIVE_INFINITY);
        const memo = readMemo(file);
        const { paths = [], sizes = [], mtimes = [], inodes = [] } = memo?.facts ?? {};
        expect({ paths, sizes: Array.from(sizes), mtimes: Array.from(mtimes), inodes: Array.from(inodes) }).toEqual(
          factsOf(then),
        );
        const fated = then.map((each) => ({ each, fate: fates.next().value }));
        const known = new Set(then.map(({ path }) => path));
        const now = fated
          .flatMap(({ each, fate }) => {
            if (fate === 'gone') return [];
            if (fate === 'touched') return [{ ...each, size: each.size + 1_000, mtime: each.mtime / 2 + 1 }];
            return fate === 'joined' && !known.has(`${each.path}~`)
              ? [each, { ...each, path: `${each.path}~` }]
              : [each];
          })
          .toSorted(byPath);
        const gathered = gather(memo, (visit) => {
          for (const { path, size, mtime, inode } of now) visit(path, { size, mtimeMs: mtime, ino: inode } as Stats);
        });
        expect(Array.from(gathered.paths)).toEqual(now.map(({ path }) => path));
        expect(Array.from(gathered.sizes)).toEqual(now.map(({ size }) => size));
        const { digests: recalled, unknown } = recall(gathered, memo);
        for (const [index, each] of now.entries()) {
          const isSame = then.some(
            (old) => old.path === each.path && old.size === each.size && old.mtime === each.mtime,
          );
          expect(unknown.includes(index)).toBe(!isSame);
          if (isSame) expect(digestAt(recalled, index)).toBe(md5(each.path));
        }
      }),
    );
  });

  test('columns grow by what is found, behind what is kept of others', () => {
    const before = { paths: ['a', 'b'], sizes: [1, 2], mtimes: [3, 4], inodes: [5, 6] };
    const facts = collectFacts(before, 1);
    const added = Array.from({ length: 3_000 }, (_, index) => index + 10);
    for (const at of added) facts.add(`c${at}`, { size: at, mtimeMs: at + 0.5, ino: at * 2 } as Stats);
    const { paths, sizes, mtimes, inodes } = facts.columns();
    expect(paths).toEqual(['a', ...added.map((at) => `c${at}`)]);
    expect(Array.from(sizes)).toEqual([1, ...added]);
    expect(Array.from(mtimes)).toEqual([3, ...added.map((at) => at + 0.5)]);
    expect(Array.from(inodes)).toEqual([5, ...added.map((at) => at * 2)]);
  });

  test('a file written just when it was hashed is not: its time would not tell the next change', () => {
    const file = join(root, 'late-memo');
    const facts = { paths: ['a', 'b'], sizes: [1, 1], mtimes: [1_000, 1_995], inodes: [1, 2] };
    writeMemo(file, { facts, digests: Buffer.alloc(32), content: null }, 2_000);
    expect(recall(facts, readMemo(file)).unknown).toEqual([1]);
  });

  test.each(['', 'nonsense', '{"version":1,"count":9,"pathBytes":4,"content":null}\nabcd'])('%j is no memo', (text) => {
    writeFileSync(join(root, 'bad-memo'), text);
    expect(readMemo(join(root, 'bad-memo'))).toBeUndefined();
  });

  test('a folder is read where it changed, and only there', async () => {
    const source = sourceAt('tree');
    for (const name of ['a', 'b', 'c/d']) {
      utimesSync(write(`tree/data/${name}`, name), 1, 1);
    }
    const cache = openCache(join(root, 'tree-cache'), ['copy']);
    const first = await hashContent(source, 'data', { store: cache });
    const read: number[] = [];
    const onProgress = ({ files }: { files: number }): void => void read.push(files);
    expect(await hashContent(source, 'data', { store: cache, onProgress })).toEqual(first);
    expect(read).toEqual([]);
    write('tree/data/b', 'B');
    const second = await hashContent(source, 'data', { store: cache, onProgress });
    expect(read).toEqual([1]);
    expect(second?.content.md5).not.toBe(first?.content.md5);
    rmSync(cache.fileOf({ md5: md5('a'), scheme: 'md5' }));
    expect(await hashContent(source, 'data', { store: cache, onProgress })).toEqual(second);
    // b was written while it was hashed, and a had lost its object.
    expect(existsSync(cache.fileOf({ md5: md5('a'), scheme: 'md5' }))).toBe(true);
    expect(await hashContent(source, 'nowhere')).toBeUndefined();
  });
});

test('a walk gives whole paths in the order of their code points', () => {
  const names = ['a/b', 'a.b', 'a-b/c', 'a/\u{1F600}', 'a/\uFF5E', 'ab', 'a b/x'];
  for (const name of names) write(`walk/${name}`, '');
  const paths: string[] = [];
  walkFolder(join(root, 'walk'), '', rootIgnoreRules(), (path) => void paths.push(path));
  expect(paths).toEqual(names.toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b))));
});
