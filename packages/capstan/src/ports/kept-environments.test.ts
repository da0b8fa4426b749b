import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, onTestFinished, test } from 'vitest';
import { holdEnvironment, markDone, markUsed, removeUnused } from './kept-environments.ts';

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
  await removeUnused(folder, 9_000);
  expect(left()).toEqual(['a', 'b', 'c']);
  await removeUnused(folder, 6_500);
  expect(left()).toEqual(['a', 'c']);
  await removeUnused(folder, 0);
  expect(left()).toEqual([]);
});

test('one in use stays, and so does one that was just used before the others', async () => {
  await make('a', 3_000, 100);
  await make('b', 3_000, 200);
  await make('c', 3_000, 300);
  expect(markUsed(join(folder, 'b'))).toBe(true);
  const uses = [holdEnvironment(folder, 'a'), holdEnvironment(folder, 'a')];
  await removeUnused(folder, 6_500);
  expect(left()).toEqual(['a', 'b']);
  uses[0]?.();
  await removeUnused(folder, 0);
  expect(left()).toEqual(['a']);
  uses[1]?.();
  await removeUnused(folder, 0);
  expect(left()).toEqual([]);
});

test('one that was used until now is the last to go', async () => {
  await make('a', 3_000, 100);
  await make('b', 3_000, 200);
  holdEnvironment(folder, 'a')();
  await removeUnused(folder, 3_500);
  expect(left()).toEqual(['a']);
});

test('one that another process uses stays until that ends, also by a kill', async () => {
  await make('a', 3_000, 100);
  await make('b', 3_000, 200);
  const program = fileURLToPath(new URL('kept-environments.ts', import.meta.url));
  const code = `import { holdEnvironment } from ${JSON.stringify(program)};
    for (const key of ['a', 'b']) {
      const release = holdEnvironment(${JSON.stringify(folder)}, key);
      if (key === 'b') release();
    }
    console.log('held');
    setInterval(() => {}, 1_000);`;
  const other = spawn(process.execPath, ['--input-type=module-typescript', '-e', code], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  onTestFinished(() => void other.kill('SIGKILL'));
  await once(other.stdout, 'data');
  await removeUnused(folder, 0);
  expect(left()).toEqual(['a']);
  // One more user beside it, who comes and goes, changes nothing.
  holdEnvironment(folder, 'a')();
  await removeUnused(folder, 0);
  expect(left()).toEqual(['a']);
  other.kill('SIGKILL');
  await once(other, 'exit');
  await removeUnused(folder, 0);
  expect(left()).toEqual([]);
});

test('an unfinished one is neither used nor removed; the remains of a removal are', async () => {
  mkdirSync(join(folder, 'a'));
  mkdirSync(join(folder, 'x.removed'));
  expect(markUsed(join(folder, 'a'))).toBe(false);
  await removeUnused(folder, 0);
  expect(left()).toEqual(['a']);
  expect(existsSync(join(folder, 'x.removed'))).toBe(false);
});
