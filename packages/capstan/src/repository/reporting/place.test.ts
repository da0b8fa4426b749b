import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { placeOf } from './place.ts';

let root = '';

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'capstan-place-'));
});
afterEach(() => {
  rmSync(root, { recursive: true });
});

function git(...args: readonly string[]): string {
  return execFileSync('git', args, { cwd: root, encoding: 'utf8', stdio: 'pipe' }).trim();
}

const place = async (isInGit = true) => await placeOf({ root, isInGit }, 'capstan repro');

test('the place of a run is what Git tells of the checkout', async () => {
  git('init', '-q', '-b', 'main');
  git('config', 'user.name', 'Ada L');
  git('config', 'user.email', 'ada@localhost');
  expect(await place()).toMatchObject({
    by: 'Ada L',
    commandText: 'capstan repro',
    repository: { remote: null },
    commit: null,
    branch: 'main',
    isDirty: false,
  });
  writeFileSync(join(root, 'a'), '1');
  git('add', 'a');
  git('commit', '-qm', 'one');
  git('remote', 'add', 'origin', 'https://ada:secret@example.org/team/shop.git');
  writeFileSync(join(root, 'untracked'), '');
  const commit = git('rev-parse', 'HEAD');
  expect(await place()).toMatchObject({
    repository: { name: 'shop', remote: 'https://example.org/team/shop.git' },
    commit,
    branch: 'main',
    isDirty: false,
  });
  writeFileSync(join(root, 'a'), '22');
  git('checkout', '-q', '--detach');
  expect(await place()).toMatchObject({ commit, branch: null, isDirty: true });
});

test('where Git keeps nothing it tells nothing', async () => {
  expect(await place(false)).toMatchObject({ repository: { remote: null }, commit: null, branch: null, isDirty: null });
  expect(await place()).toMatchObject({ commit: null, branch: null, isDirty: null });
});
