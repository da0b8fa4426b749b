import { mkdirSync, mkdtempSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { initRepository } from '../init.ts';
import { openRepository, type Repository } from '../open.ts';
import { repositoryStatus } from '../status/repository-status.ts';
import { addData } from './add.ts';
import { checkoutData } from './checkout.ts';

const FILES = 700;
let root = '';
let repository: Repository;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'capstan-checkout-'));
  initRepository({ folder: root, hasNoGit: true, isSubfolder: false });
  repository = openRepository({
    cwd: root,
    configFolders: { system: join(root, 'none'), global: join(root, 'none') },
    threads: 2,
    openRemote: () => Promise.reject(new Error('no remote')),
    // So much later that each file that was written can be told by its time.
    now: () => Date.now() + 1_000,
  });
  for (let index = 0; index < FILES; index++) {
    mkdirSync(join(root, 'data', String(index % 7)), { recursive: true });
    writeFileSync(join(root, 'data', String(index % 7), `${index}.txt`), `file ${index}\n`);
  }
});
afterEach(async () => {
  await repository.close();
  rmSync(root, { recursive: true });
});

test('what a checkout brought is not read again to see that it is as recorded, until it changes', async () => {
  await addData(repository, ['data']);
  renameSync(join(root, 'data', '3'), join(root, 'away'));
  writeFileSync(join(root, 'data', '0', '0.txt'), 'other');
  const [done] = await checkoutData(repository, [], { isForced: true });
  expect(done).toMatchObject({ change: 'modified', files: { written: 101, removed: 0 } });
  expect(statSync(join(root, 'data', '0', '0.txt')).mode & 0o777).toBe(0o666 & ~process.umask());

  const read: string[] = [];
  const { pool } = repository;
  const watched = {
    ...repository,
    pool: { ...pool, hash: (files: Parameters<typeof pool.hash>[0]) => (read.push(...files.paths), pool.hash(files)) },
  };
  expect((await repositoryStatus(watched, [])).changed).toEqual([]);
  expect(read).toEqual([]);
  writeFileSync(join(root, 'data', '3', '3.txt'), 'changed');
  expect((await repositoryStatus(watched, [])).changed).toMatchObject([
    { outputs: [{ path: 'data', files: { modified: ['3/3.txt'] } }] },
  ]);
  expect(read).toEqual(['3/3.txt']);
});

test('a file in the way of one of many is named, whichever thread meets it', async () => {
  await addData(repository, ['data']);
  rmSync(join(root, 'data'), { recursive: true });
  mkdirSync(join(root, 'data', '6'), { recursive: true });
  writeFileSync(join(root, '.dvcignore'), '699.txt\n');
  writeFileSync(join(root, 'data', '6', '699.txt'), 'mine');
  await expect(checkoutData(repository, [], { isForced: true })).rejects.toMatchObject({
    code: 'CONFLICT',
    field: join(root, 'data', '6', '699.txt'),
    hint: 'Move it away, or change the pattern.',
  });
});
