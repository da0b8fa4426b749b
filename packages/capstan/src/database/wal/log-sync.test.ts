import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { LogSync } from './log-sync.ts';

let folder: string;
let writer: DatabaseSync;
let failures: Error[];
let log: LogSync;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'capstan-sync-'));
  const path = join(folder, 'log.db');
  writer = new DatabaseSync(path);
  writer.exec('pragma journal_mode = wal; pragma wal_autocheckpoint = 0; pragma synchronous = normal');
  writer.exec('create table notes (text)');
  failures = [];
  log = new LogSync(path, writer, async () => {
    const failure = failures.shift();
    if (failure) throw failure;
  });
});
afterEach(() => {
  log.close();
  writer.close();
  rmSync(folder, { recursive: true });
});

const note = () => writer.exec("insert into notes values ('x')");
const logBytes = () => statSync(join(folder, 'log.db-wal')).size;

test('after a failure nothing counts as on disk until the file has taken over what the log holds', async () => {
  note();
  await log.sync();
  failures.push(new Error('EIO'));
  note();
  await expect(log.sync()).rejects.toThrow('EIO');
  // The system tells of it once.
  await expect(log.sync()).rejects.toThrow('EIO');
  expect(logBytes()).toBeGreaterThan(0);
  log.mend();
  expect(logBytes()).toBe(0);
  note();
  await log.sync();
});

test('while someone still reads the old log nothing is written', async () => {
  failures.push(Object.assign(new Error('no space'), { code: 'ENOSPC' }));
  note();
  await expect(log.sync()).rejects.toMatchObject({ code: 'STORAGE_FULL' });
  const reader = new DatabaseSync(join(folder, 'log.db'));
  reader.exec('begin; select * from notes');
  expect(() => log.mend()).toThrow(/no space/);
  reader.close();
  log.mend();
  await log.sync();
});
