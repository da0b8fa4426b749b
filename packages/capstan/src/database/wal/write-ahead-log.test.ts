import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sql } from 'kysely';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Database } from '../database.ts';
import { openSqlite } from '../sqlite-database.ts';
import { WriteAheadLog } from './write-ahead-log.ts';

const WRITERS = 4;
/** 500 MB: the log is begun anew after some 30. */
const MOST_ROWS = 5_000;
const BYTES = 100_000;

let file: string;
let folder: string;
let database: Database;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'capstan-log-'));
  file = join(folder, 'log.db');
  database = openSqlite(file);
  await database.write((writer) => sql`create table notes (writer integer, round integer, text blob)`.execute(writer));
});
afterEach(async () => {
  await database.close();
  rmSync(folder, { recursive: true });
});

const note = (writer: number, round: number) =>
  database.write((db) => sql`insert into notes values (${writer}, ${round}, randomblob(${BYTES}))`.execute(db));
const count = async () =>
  Number((await sql<{ count: number }>`select count(*) as count from notes`.execute(database.read)).rows[0]?.count);

test('the log is begun anew while writers go on, and nothing of what it held is missing', async () => {
  let written = 0;
  const isAnew = () => written * BYTES > 2 * statSync(`${file}-wal`).size;
  const write = async (writer: number) => {
    for (; !isAnew() && written < MOST_ROWS; written++) await note(writer, written);
  };
  await Promise.all(Array.from({ length: WRITERS }, (_, writer) => write(writer)));
  expect(isAnew()).toBe(true);
  expect(await count()).toBe(written);
  await database.close();
  database = openSqlite(file);
  expect(await count()).toBe(written);
  const { rows } = await sql<{ integrity_check: string }>`pragma integrity_check`.execute(database.read);
  expect(rows).toEqual([{ integrity_check: 'ok' }]);
});

test('a reader that stays in the midst of its rows keeps what it sees, and the log waits for it', async () => {
  for (let round = 0; round < 5; round++) await note(0, round);
  const rows = sql<{ round: number }>`select round from notes`.compile(database.read);
  const seen: number[] = [];
  for await (const { rows: some } of database.read.getExecutor().stream<{ round: number }>(rows, 1)) {
    for (const { round } of some) seen.push(round);
    if (seen.length === 1) for (let round = 5; round < 250; round++) await note(0, round);
  }
  expect(seen).toEqual([0, 1, 2, 3, 4]);
  expect(await count()).toBe(250);
});

test.each([
  ['ends at once', new URL('./nowhere.ts', import.meta.url)],
  ['cannot start', new URL('https://example.invalid/nowhere.ts')],
])('where the thread %s the log is copied all the same', async (_, entry) => {
  const writer = new DatabaseSync(join(folder, 'other.db'));
  writer.exec('pragma journal_mode = wal; pragma wal_autocheckpoint = 0; create table notes (text blob)');
  const log = new WriteAheadLog(join(folder, 'other.db'), writer, entry);
  const lengths = () => writer.prepare('pragma wal_checkpoint(noop)').get() as { log: number; checkpointed: number };
  while (lengths().log < 5_000) writer.exec(`insert into notes values (randomblob(${BYTES}))`);
  log.grown();
  await log.close();
  expect(lengths().checkpointed).toBe(lengths().log);
  writer.close();
});
