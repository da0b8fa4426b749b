// No space left in the midst of a commit that several writers share: SQLite rolls all of it back by itself.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sql } from 'kysely';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Database, Writer } from './index.ts';
import { openSqlite } from './sqlite-database.ts';

let folder: string;
let database: Database;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'capstan-full-'));
  database = openSqlite(join(folder, 'full.db'));
  await database.write((writer) => sql`create table notes (text blob)`.execute(writer));
});
afterEach(async () => {
  await database.close();
  rmSync(folder, { recursive: true });
});

const note = (bytes: number) => (writer: Writer) =>
  sql`insert into notes (text) values (zeroblob(${sql.lit(bytes)}))`.execute(writer);
const count = async () =>
  (await sql<{ count: number }>`select count(*) as count from notes`.execute(database.read)).rows[0]?.count;

test('who had written is told so and nothing of it is kept; who comes after writes', async () => {
  await database.write((writer) => sql`pragma max_page_count = 12`.execute(writer));
  const shared = [note(10), note(200_000), note(10)].map((work) => database.write(work));
  const full = { status: 'rejected', reason: { code: 'STORAGE_FULL' } };
  expect(await Promise.allSettled(shared)).toMatchObject([full, full, { status: 'fulfilled' }]);
  expect(await count()).toBe(1);

  await database.write(note(10));
  await database.write((writer) => sql`pragma max_page_count = 100000`.execute(writer));
  await database.write(note(200_000));
  expect(await count()).toBe(3);
});
