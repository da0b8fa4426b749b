import { mkdtempSync, rmSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sql, type CompiledQuery } from 'kysely';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Database } from '../database.ts';
import { SqliteConnection } from '../sqlite-connection.ts';
import { openSqlite } from '../sqlite-database.ts';
import { LongReads } from './long-reads.ts';

let folder: string;
let file: string;
let database: Database;
/** Stands still unless a test moves it: the table has just been written, so that threads answer. */
let now: number;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'capstan-reads-'));
  file = join(folder, 'reads.db');
  now = 0;
  database = openSqlite(file, () => now);
  await database.write((writer) => sql`create table notes (id integer primary key, value)`.execute(writer));
});
afterEach(async () => {
  await database.close();
  rmSync(folder, { recursive: true });
});

const put = (id: number, value: unknown) =>
  database.write((writer) => sql`insert into notes values (${id}, ${value})`.execute(writer));
const numbers = (count: number) =>
  sql<{
    i: number;
  }>`with recursive n(i) as (select 1 union all select i + 1 from n where i < ${count}) select i from n`;
/** Takes some hundred milliseconds before it has a row. */
const slow = sql<{ count: number }>`select count(*) as count from (${numbers(2_000_000)})`;

test('each query sees what was written before it, however many there are', async () => {
  const seen: number[] = [];
  for (let id = 1; id <= 100; id++) {
    await put(id, 'x');
    const asked = [1, 2, 3].map(() =>
      sql<{ count: number }>`select count(*) as count from notes`.execute(database.longRead()),
    );
    for (const { rows } of await Promise.all(asked)) seen.push(rows[0]?.count ?? 0);
  }
  expect(seen).toEqual(Array.from({ length: 300 }, (_, index) => Math.floor(index / 3) + 1));
});

test('values are those that the same query gives here', async () => {
  const values = [2 ** 53 - 1, 0.1, -Infinity, Number.NaN, null, 'ä\0b', new Uint8Array([0, 255]), -0];
  for (const [index, value] of values.entries()) await put(index, value);
  await database.write((writer) => sql`insert into notes values (100, 9223372036854775807)`.execute(writer));
  const exact = sql`select id, case when typeof(value) = 'integer' then ${database.dialect.exactInteger(sql`value`)}
    else value end as value from notes order by id`;
  const there = await exact.execute(database.longRead());
  expect(there).toEqual(await exact.execute(database.read));
  expect(there.rows.at(-1)).toEqual({ id: 100, value: '9223372036854775807' });
  const lists = await database.dialect.selectLists(database.longRead(), exact);
  expect(lists).toEqual(await database.dialect.selectLists(database.read, exact));
});

test('many rows come whole and in order', async () => {
  const { rows } = await numbers(10_001).execute(database.longRead());
  expect(rows.map(({ i }) => i)).toEqual(Array.from({ length: 10_001 }, (_, index) => index + 1));
});

test.each([
  ['a statement that is none', sql`select from`],
  ['an integer that no number holds', sql`select 9223372036854775807 as value`],
  ['a change', sql`delete from notes`],
  ['a failure in the midst of the rows', sql`select abs(i - 9223372036854775807 - 3000) from (${numbers(5_000)})`],
])('%s fails as it does here, and the next query is answered', async (_, query) => {
  const fieldsOf = async (reading: Promise<unknown>) => {
    const error = await reading.then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    expect(error).toBeInstanceOf(Error);
    const { message, code, errcode, errstr } = error as Error & Record<'code' | 'errcode' | 'errstr', unknown>;
    return { message, code, errcode, errstr };
  };
  expect(await fieldsOf(query.execute(database.longRead()))).toEqual(await fieldsOf(query.execute(database.read)));
  expect((await numbers(1).execute(database.longRead())).rows).toEqual([{ i: 1 }]);
});

test('the event loop turns while a query is answered', async () => {
  let turns = 0;
  let isOver = false;
  const turn = (): void => {
    turns += 1;
    if (!isOver) setImmediate(turn);
  };
  turn();
  await slow.execute(database.longRead());
  isOver = true;
  expect(turns).toBeGreaterThan(100);
});

describe('while nobody writes', () => {
  const holds = async (): Promise<boolean> => {
    let isTurning = false;
    setImmediate(() => (isTurning = true));
    await slow.execute(database.longRead());
    return !isTurning;
  };

  test('a query is answered by the event loop; one that held it for long is left to threads from then on', async () => {
    now = 1_001;
    expect(await holds()).toBe(true);
    expect(await holds()).toBe(false);
    expect((await numbers(3).execute(database.longRead())).rows).toEqual([{ i: 1 }, { i: 2 }, { i: 3 }]);
  });

  test('a write makes them be answered by threads', async () => {
    now = 1_001;
    await put(1, 'x');
    now = 2_000;
    expect(await holds()).toBe(false);
  });
});

describe('a query that nobody wants any more', () => {
  test('is not begun', async () => {
    const busy = [slow, slow].map((query) => query.execute(database.longRead()));
    const abort = new AbortController();
    const unwanted = slow.execute(database.longRead(abort.signal));
    const behind = numbers(1).execute(database.longRead());
    setTimeout(() => abort.abort(new Error('gone')));
    await expect(unwanted).rejects.toThrow('gone');
    await expect(numbers(1).execute(database.longRead(abort.signal))).rejects.toThrow('gone');
    expect((await behind).rows).toEqual([{ i: 1 }]);
    await Promise.all(busy);
  });

  test('ends at its next rows', async () => {
    const abort = new AbortController();
    const unwanted = numbers(500_000).execute(database.longRead(abort.signal));
    setTimeout(() => abort.abort(new Error('gone')));
    await expect(unwanted).rejects.toThrow('gone');
    expect((await numbers(3_000).execute(database.longRead())).rows).toHaveLength(3_000);
  });
});

test('closing waits for what is under way; what waits or is asked later is refused', async () => {
  const asked = Array.from({ length: 4 }, () => slow.execute(database.longRead()));
  const outcomes = Promise.allSettled(asked);
  const later = database.longRead();
  await database.close();
  const refused = { status: 'rejected', reason: new Error('The database is closed') };
  const answered = { status: 'fulfilled', value: { rows: [{ count: 2_000_000 }] } };
  expect(await outcomes).toEqual([answered, answered, refused, refused]);
  await expect(numbers(1).execute(later)).rejects.toThrow('The database is closed');
  database = openSqlite(file);
});

test.each([
  ['ends at once', new URL('./nowhere.ts', import.meta.url)],
  ['cannot start', new URL('https://example.invalid/nowhere.ts')],
])('where a thread %s the query is answered here', async (_, entry) => {
  const reads = new LongReads(file, new SqliteConnection(new DatabaseSync(file)), () => false, entry);
  const query: CompiledQuery<{ i: number }> = numbers(2).compile(database.read);
  for (let round = 0; round < 3; round++) {
    expect(await reads.connection().executeQuery(query)).toMatchObject({ rows: [{ i: 1 }, { i: 2 }] });
  }
  await reads.close();
});
