import { expect, test } from 'vitest';
import { GroupCommit } from './group-commit.ts';
import { sqliteTransactions } from './sqlite-transactions.ts';

/** What SQLite and the disk are told, without the savepoints. */
function setup() {
  const told: string[] = [];
  const exec = (text: string) => void (text.includes('one_write') || told.push(text));
  const disk: { failure?: Error | undefined; atWork?: () => void } = {};
  const log = {
    async sync() {
      told.push('sync');
      disk.atWork?.();
      await new Promise((resolve) => setImmediate(resolve));
      told.push('synced');
      if (disk.failure) throw disk.failure;
    },
    mend() {},
  };
  const target = sqliteTransactions(exec, log, () => undefined);
  let commits = 0;
  const group = new GroupCommit(target, () => (commits += 1));
  return { told, disk, note: (name: string) => async () => void told.push(name), group, commits: () => commits };
}

function batches(told: readonly string[]): string[] {
  return told.join(', ').split(/(?<=synced|commit), (?!sync)/);
}

test('a write waits for the disk, and one that can be done again does not', async () => {
  const { told, note, group } = setup();
  await group.write(note('first'));
  await group.write(note('claim'), true);
  await group.write(note('another claim'), true);
  await group.write(note('last'));
  expect(batches(told)).toEqual([
    'begin immediate, first, commit, sync, synced',
    'begin immediate, claim, commit',
    'begin immediate, another claim, commit',
    'begin immediate, last, commit, sync, synced',
  ]);
});

test('writes that come together all wait for the disk if one of them must', async () => {
  const { told, note, group } = setup();
  await Promise.all([group.write(note('claim'), true), group.write(note('fact'))]);
  expect(batches(told)).toEqual(['begin immediate, claim, fact, commit, sync, synced']);
});

test('a write that must reach the disk joins no batch that does not', async () => {
  const { told, note, group } = setup();
  let comeNow: () => void = () => {};
  const fact = new Promise<void>((resolve) => (comeNow = resolve)).then(() => group.write(note('fact')));
  await group.write(async () => {
    await note('claim')();
    comeNow();
    await new Promise((resolve) => setImmediate(resolve));
  }, true);
  await fact;
  expect(batches(told)).toEqual(['begin immediate, claim, commit', 'begin immediate, fact, commit, sync, synced']);
});

test('a write is acknowledged once it is on disk, and those that come meanwhile share the next commit', async () => {
  const { told, disk, note, group } = setup();
  const later: Promise<void>[] = [];
  disk.atWork = () => {
    disk.atWork = () => {};
    later.push(group.write(note('second')), group.write(note('third')));
  };
  await group.write(note('first')).then(note('acknowledged'));
  await Promise.all(later);
  expect(batches(told)).toEqual([
    'begin immediate, first, commit, sync, synced',
    'acknowledged, begin immediate, second, third, commit, sync, synced',
  ]);
});

test('who the disk failed is told so, and the next write is made', async () => {
  const { told, disk, note, group, commits } = setup();
  disk.failure = new Error('the disk is gone');
  await expect(group.write(note('first'))).rejects.toThrow('the disk is gone');
  disk.failure = undefined;
  await group.write(note('second'));
  expect(told.filter((text) => text === 'synced')).toHaveLength(2);
  expect(commits()).toBe(1);
});
