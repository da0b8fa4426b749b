import { expect, test } from 'vitest';
import { GroupCommit } from './group-commit.ts';
import { sqliteTransactions } from './sqlite-transactions.ts';

/** What SQLite is told, without the savepoints. */
function setup() {
  const told: string[] = [];
  const exec = (text: string) => void (text.includes('one_write') || told.push(text));
  const target = sqliteTransactions(exec, () => undefined);
  const commits = new GroupCommit(target, () => {});
  return { told, note: (name: string) => async () => void told.push(name), commits };
}

function batches(told: readonly string[]): string[] {
  return told.join(', ').split(/(?<=commit), /);
}

test('a write waits for the disk, and one that can be done again does not', async () => {
  const { told, note, commits } = setup();
  await commits.write(note('first'));
  await commits.write(note('claim'), true);
  await commits.write(note('another claim'), true);
  await commits.write(note('last'));
  expect(batches(told)).toEqual([
    'begin immediate, first, commit',
    'pragma synchronous = normal, begin immediate, claim, commit',
    'begin immediate, another claim, commit',
    'pragma synchronous = full, begin immediate, last, commit',
  ]);
});

test('writes that come together all wait for the disk if one of them must', async () => {
  const { told, note, commits } = setup();
  await Promise.all([commits.write(note('claim'), true), commits.write(note('fact'))]);
  expect(batches(told)).toEqual(['begin immediate, claim, fact, commit']);
});

test('a write that must reach the disk joins no batch that does not', async () => {
  const { told, note, commits } = setup();
  let comeNow: () => void = () => {};
  const fact = new Promise<void>((resolve) => (comeNow = resolve)).then(() => commits.write(note('fact')));
  await commits.write(async () => {
    await note('claim')();
    comeNow();
    await new Promise((resolve) => setImmediate(resolve));
  }, true);
  await fact;
  expect(batches(told)).toEqual([
    'pragma synchronous = normal, begin immediate, claim, commit',
    'pragma synchronous = full, begin immediate, fact, commit',
  ]);
});
