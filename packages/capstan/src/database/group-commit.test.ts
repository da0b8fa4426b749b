import { describe, expect, test } from 'vitest';
import { GroupCommit } from './group-commit.ts';
import { sqliteTransactions } from './sqlite-transactions.ts';

/** What SQLite and the disk are told, without the savepoints. A commit that is synced by itself takes `commitMs`. */
function setup(commitMs: number, mostWrites = 256) {
  const told: string[] = [];
  const disk: { commitMs: number; failure?: Error | undefined; atWork?: () => void } = { commitMs };
  let time = 0;
  const exec = (text: string): void => {
    if (text.includes('one_write')) return;
    told.push(text);
    if (text === 'commit') time += disk.commitMs;
  };
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
  const transactions = sqliteTransactions(
    exec,
    log,
    () => undefined,
    () => time,
  );
  const heard: number[] = [];
  const group = new GroupCommit({ ...transactions, mostWrites }, () => void heard.push(told.length));
  return { told, disk, heard, note: (name: string) => async () => void told.push(name), group };
}

/** On a disk that is known to be slow: what is told from then on. */
async function slowSetup() {
  const setUp = setup(20);
  while (!setUp.told.includes('sync')) await setUp.group.write(setUp.note('slow'));
  setUp.told.length = 0;
  return setUp;
}

function batches(told: readonly string[]): string[] {
  return told.join(', ').split(/(?<=synced|commit), (?!sync)/);
}

describe('where the disk is quick', () => {
  test('a commit waits for the disk, and one that can be done again does not', async () => {
    const { told, note, group } = setup(0.5);
    await group.write(note('first'));
    await group.write(note('claim'), true);
    await group.write(note('another claim'), true);
    await group.write(note('last'));
    expect(batches(told)).toEqual([
      'begin immediate, first, commit',
      'pragma synchronous = normal, begin immediate, claim, commit',
      'begin immediate, another claim, commit',
      'pragma synchronous = full, begin immediate, last, commit',
    ]);
  });

  test('writes that come together all wait for the disk if one of them must', async () => {
    const { told, note, group } = setup(0.5);
    await Promise.all([group.write(note('claim'), true), group.write(note('fact'))]);
    expect(batches(told)).toEqual(['begin immediate, claim, fact, commit']);
  });

  test('a write that must reach the disk joins no batch that does not', async () => {
    const { told, note, group } = setup(0.5);
    let comeNow: () => void = () => {};
    const fact = new Promise<void>((resolve) => (comeNow = resolve)).then(() => group.write(note('fact')));
    await group.write(async () => {
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
});

test('a slow commit or two make no slow disk', async () => {
  const { told, disk, note, group } = setup(20);
  await group.write(note('slow'));
  await group.write(note('slow'));
  disk.commitMs = 0.5;
  await group.write(note('quick'));
  expect(told).not.toContain('sync');
});

describe('where the disk is slow', () => {
  test('a write waits beside the event loop, and one that can be done again does not', async () => {
    const { told, note, group } = await slowSetup();
    await group.write(note('first'));
    await group.write(note('claim'), true);
    expect(batches(told)).toEqual(['begin immediate, first, commit, sync, synced', 'begin immediate, claim, commit']);
  });

  test('a write is acknowledged once it is on disk, and those that come meanwhile share the next commit', async () => {
    const { told, disk, note, group } = await slowSetup();
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
    const { told, disk, heard, note, group } = await slowSetup();
    const before = heard.length;
    disk.failure = new Error('the disk is gone');
    await expect(group.write(note('first'))).rejects.toThrow('the disk is gone');
    disk.failure = undefined;
    await group.write(note('second'));
    expect(told.filter((text) => text === 'synced')).toHaveLength(2);
    expect(heard).toHaveLength(before + 1);
  });

  test('some commits wait for it by themselves, and once those are quick all do', async () => {
    const { told, disk, note, group } = await slowSetup();
    for (let write = 0; write < 100; write++) await group.write(note('slow'));
    const syncs = told.filter((text) => text === 'sync').length;
    expect(syncs).toBeGreaterThan(90);
    expect(syncs).toBeLessThan(100);
    disk.commitMs = 0.1;
    for (let write = 0; write < 200; write++) await group.write(note('quick'));
    told.length = 0;
    await group.write(note('last'));
    expect(batches(told)).toEqual(['begin immediate, last, commit']);
  });
});

test('a batch closes after so many writes', async () => {
  const { told, note, group } = setup(0.5, 3);
  await Promise.all(['a', 'b', 'c', 'd', 'e', 'f', 'g'].map((name) => group.write(note(name))));
  expect(batches(told)).toEqual([
    'begin immediate, a, b, c, commit',
    'begin immediate, d, e, f, commit',
    'begin immediate, g, commit',
  ]);
});

test('listeners hear of a commit once it is made', async () => {
  const { told, heard, note, group } = setup(0.5);
  await group.write(note('a'));
  expect([told, heard]).toEqual([['begin immediate', 'a', 'commit'], [3]]);
});
