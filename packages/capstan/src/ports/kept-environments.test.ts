import { existsSync, mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { markDone, markUsed, removeUnused } from './kept-environments.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'capstan-kept-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

async function make(name: string, bytes: number, usedS: number): Promise<void> {
  mkdirSync(join(folder, name, 'lib'), { recursive: true });
  writeFileSync(join(folder, name, 'lib', 'data'), Buffer.alloc(bytes));
  await markDone(join(folder, name), { key: name });
  utimesSync(join(folder, name, 'capstan-environment.json'), usedS, usedS);
}

const left = (): string[] => ['a', 'b', 'c'].filter((name) => existsSync(join(folder, name)));

test('those used longest ago go, until the rest fits', async () => {
  await make('a', 3_000, 300);
  await make('b', 3_000, 100);
  await make('c', 3_000, 200);
  await removeUnused(folder, 9_000, () => false);
  expect(left()).toEqual(['a', 'b', 'c']);
  await removeUnused(folder, 6_500, () => false);
  expect(left()).toEqual(['a', 'c']);
  await removeUnused(folder, 0, () => false);
  expect(left()).toEqual([]);
});

test('one in use stays, and so does one that was just used before the others', async () => {
  await make('a', 3_000, 100);
  await make('b', 3_000, 200);
  await make('c', 3_000, 300);
  expect(markUsed(join(folder, 'b'))).toBe(true);
  await removeUnused(folder, 3_500, (key) => key === 'a');
  expect(left()).toEqual(['a']);
});

test('one that another process may be using stays', async () => {
  await make('a', 3_000, 100);
  await make('b', 3_000, Date.now() / 1_000 - 60);
  await removeUnused(folder, 0, () => false, 120_000);
  expect(left()).toEqual(['b']);
});

test('an unfinished one is neither used nor removed; the remains of a removal are', async () => {
  mkdirSync(join(folder, 'a'));
  mkdirSync(join(folder, 'x.removed'));
  expect(markUsed(join(folder, 'a'))).toBe(false);
  await removeUnused(folder, 0, () => false);
  expect(left()).toEqual(['a']);
  expect(existsSync(join(folder, 'x.removed'))).toBe(false);
});
