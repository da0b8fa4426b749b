// Writers of a server share transactions on PostgreSQL; each is still all or nothing, and told only what is so.
import { randomBytes } from 'node:crypto';
import { CompiledQuery, sql } from 'kysely';
import { Client, Pool } from 'pg';
import { afterEach, beforeEach, expect, inject, onTestFinished, test } from 'vitest';
import type { Database, Writer } from './index.ts';
import { openDatabase } from './open.ts';
import { CHAIN_LOCK, PostgresTransactions } from './postgres-transactions.ts';

const LOCK_NOT_AVAILABLE = '55P03';

let schema: string;
let database: Database;
const opened: Database[] = [];

async function open(): Promise<Database> {
  const one = await openDatabase({ url: inject('postgresUrl'), schema });
  opened.push(one);
  return one;
}

beforeEach(async () => {
  schema = `test_${randomBytes(8).toString('hex')}`;
  database = await open();
});
afterEach(async () => {
  for (const one of opened.splice(0)) await one.close();
  const client = new Client({ connectionString: inject('postgresUrl') });
  await client.connect();
  await client.query(`drop schema "${schema}" cascade`);
  await client.end();
});

const put = (name: string) => (writer: Writer) => writer.insertInto('settings').values({ name, value: '' }).execute();
const names = async (): Promise<string[]> =>
  (await database.read.selectFrom('settings').select('name').orderBy('name').execute()).map(({ name }) => name);
const transaction = async (writer: Writer): Promise<string> => {
  const { rows } = await sql<{ id: string }>`select pg_current_xact_id()::text as id`.execute(writer);
  return rows[0]?.id ?? '';
};
const loseConnection = (writer: Writer) => sql`select pg_terminate_backend(pg_backend_pid())`.execute(writer);

test('writes that come together share transactions', async () => {
  const ids = await Promise.all(
    Array.from({ length: 200 }, (_, index) =>
      database.write(async (writer) => {
        await put(`k${index}`)(writer);
        return await transaction(writer);
      }),
    ),
  );
  expect(new Set(ids).size).toBeLessThan(100);
  expect(await names()).toHaveLength(200);
});

test('where the transaction itself cannot begin, its first query says why', async () => {
  const connectionString = inject('postgresUrl');
  const holder = new Client({ connectionString });
  await holder.connect();
  await holder.query(`select pg_advisory_lock(${CHAIN_LOCK})`);
  const pool = new Pool({ connectionString, max: 1, pipeline: true, options: '-c lock_timeout=50' });
  const transactions = new PostgresTransactions(pool);
  onTestFinished(async () => {
    await holder.end();
    await transactions.rollBack();
    await pool.end();
  });
  await transactions.begin();
  transactions.savepoint();
  const asked = transactions.connectionOfWrite().executeQuery(CompiledQuery.raw('select 1'));
  await expect(asked).rejects.toMatchObject({ code: LOCK_NOT_AVAILABLE });
  await expect(transactions.rollBackToSavepoint()).rejects.toThrow('does not exist');
  await transactions.rollBack();
});

test('a write that PostgreSQL refuses leaves nothing, and its neighbours in the same commit stand', async () => {
  const results = await Promise.allSettled([
    database.write(put('a')),
    database.write(async (writer) => {
      await put('b')(writer);
      await put('a')(writer);
    }),
    database.write(put('c')),
  ]);
  expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
  expect(results[1]).toMatchObject({ reason: { code: '23505' } });
  expect(await names()).toEqual(['a', 'c']);
});

test('a write that passes over what PostgreSQL refused is refused for that reason', async () => {
  const results = await Promise.allSettled([
    database.write(put('a')),
    database.write(async (writer) => {
      await put('b')(writer);
      await put('a')(writer).catch(() => {});
    }),
    database.write(put('c')),
  ]);
  expect(results[1]).toMatchObject({ status: 'rejected', reason: { code: '23505' } });
  expect(await names()).toEqual(['a', 'c']);
});

test('statements that are not waited for count as the write’s own', async () => {
  const results = await Promise.allSettled([
    database.write(put('a')),
    database.write(async (writer) => {
      put('b')(writer).catch(() => {});
      put('a')(writer).catch(() => {});
    }),
    database.write(async (writer) => void put('c')(writer)),
  ]);
  expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
  expect(await names()).toEqual(['a', 'c']);
});

test('of statements sent together, the one that failed is the reason', async () => {
  const both = database.write((writer) => Promise.all([put('a')(writer), put('a')(writer), put('b')(writer)]));
  await expect(both).rejects.toMatchObject({ code: '23505' });
  expect(await names()).toEqual([]);
});

test('where the connection is lost, who had written is told so; who comes after writes', async () => {
  const results = await Promise.allSettled(
    [put('a'), loseConnection, put('b')].map((work: (writer: Writer) => Promise<unknown>) => database.write(work)),
  );
  const lost = { status: 'rejected', reason: { code: 'UNAVAILABLE' } };
  expect(results).toMatchObject([lost, lost, { status: 'fulfilled' }]);
  expect(await names()).toEqual(['b']);
  await database.write(put('c'));
  expect(await names()).toEqual(['b', 'c']);
});

test('a writer that is used after its write has ended is refused', async () => {
  let kept: Writer | undefined;
  await database.write(async (writer) => {
    kept = writer;
    await put('a')(writer);
  });
  const late = (): unknown => kept && put('b')(kept);
  await expect(late()).rejects.toThrow('after its write has ended');
  const [, during] = await Promise.allSettled([
    database.write(put('c')),
    database.write(() => Promise.resolve(late())),
  ]);
  expect(during).toMatchObject({ status: 'rejected' });
  expect(await names()).toEqual(['a', 'c']);
});

test('servers that share the database write one after another', async () => {
  const servers = [database, await open(), await open()];
  await database.write((writer) => writer.insertInto('settings').values({ name: 'n', value: '0' }).execute());
  const add = async (writer: Writer): Promise<void> => {
    // Reads, then writes what it has read: two at once would lose one.
    const { value } = await writer
      .selectFrom('settings')
      .select('value')
      .where('name', '=', 'n')
      .executeTakeFirstOrThrow();
    await writer
      .updateTable('settings')
      .set({ value: String(Number(value) + 1) })
      .where('name', '=', 'n')
      .execute();
  };
  await Promise.all(servers.flatMap((server) => Array.from({ length: 40 }, () => server.write(add))));
  const rows = await database.read.selectFrom('settings').select('value').execute();
  expect(rows).toEqual([{ value: '120' }]);
});
