import { linkSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { readLock, type LockedStage } from '#protocols/dvc';
import { openLockFiles } from './lock-files.ts';
import type { StageNode } from './model.ts';

let root = '';

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'capstan-locks-'));
});

afterEach(() => rmSync(root, { recursive: true }));

/** Of a stage only its name and place matter here. */
const node = (name: string): StageNode =>
  ({ name: `dvc.yaml:${name}`, folder: '.', stage: { name } }) as unknown as StageNode;
const entry = (command: string): LockedStage => ({ command, inputs: [], params: new Map(), outputs: [] });
const order = ['a', 'b', 'c', 'd'].map((name) => `dvc.yaml:${name}`);

function stages(): [string, string | readonly string[]][] {
  const { stages: entries } = readLock(readFileSync(join(root, 'dvc.lock'), 'utf8'), 'dvc.lock');
  return [...entries].map(([name, { command }]) => [name, command]);
}

it('new entries stand in the order of the graph, whichever ended first', () => {
  const locks = openLockFiles(root, order);
  for (const name of ['c', 'a', 'd', 'b']) locks.record(node(name), entry(name));
  expect(stages().map(([name]) => name)).toEqual(['a', 'b', 'c', 'd']);
  expect([...locks.written]).toEqual(['dvc.lock']);
});

it('entries that were there keep their place and what nobody here knows', () => {
  writeFileSync(join(root, 'dvc.lock'), "schema: '2.0'\nstages:\n  gone:\n    cmd: x\n  b:\n    cmd: old\n");
  const locks = openLockFiles(root, order);
  locks.record(node('a'), entry('new'));
  locks.record(node('b'), entry('new'));
  locks.record(node('a'), entry('newer'));
  expect(stages()).toEqual([
    ['gone', 'x'],
    ['b', 'new'],
    ['a', 'newer'],
  ]);
});

it('what somebody else wrote meanwhile stays', () => {
  const locks = openLockFiles(root, order);
  locks.record(node('b'), entry('ours'));
  writeFileSync(join(root, 'dvc.lock'), `${readFileSync(join(root, 'dvc.lock'), 'utf8')}  theirs:\n    cmd: y\n`);
  locks.record(node('a'), entry('ours'));
  expect(stages()).toEqual([
    ['b', 'ours'],
    ['theirs', 'y'],
    ['a', 'ours'],
  ]);
  expect(locks.entryOf(node('theirs'))?.command).toBe('y');
});

it('is appended to within a page, and is what writing it as a whole gives', () => {
  const names = Array.from({ length: 120 }, (_, index) => `stage${String(index).padStart(3, '0')}`);
  const locks = openLockFiles(
    root,
    names.map((name) => `dvc.yaml:${name}`),
  );
  const file = join(root, 'dvc.lock');
  const inodes = new Set<number>();
  for (const name of names) {
    locks.record(node(name), entry(`echo ${name} ${'ü'.repeat(20)}`));
    inodes.add(statSync(file).ino);
    const text = readFileSync(file, 'utf8');
    expect(text).toBe(readLock(text, 'dvc.lock').text());
  }
  expect(stages().map(([name]) => name)).toEqual(names);
  expect(inodes.size).toBeGreaterThan(1);
  expect(inodes.size).toBeLessThan(20);
});

it('of a copy by hard links is not changed by a run in the other one', () => {
  const first = openLockFiles(root, order);
  first.record(node('a'), entry('a'));
  linkSync(join(root, 'dvc.lock'), join(root, 'copy.lock'));
  const copy = readFileSync(join(root, 'copy.lock'), 'utf8');
  const second = openLockFiles(root, order);
  for (const name of ['b', 'c']) second.record(node(name), entry(name));
  expect(stages().map(([name]) => name)).toEqual(['a', 'b', 'c']);
  expect(readFileSync(join(root, 'copy.lock'), 'utf8')).toBe(copy);
});
