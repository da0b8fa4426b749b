import { expect, inject, test } from 'vitest';
import { openDatabase } from './open.ts';
import { ask, emptyPostgres } from './testing-postgres.ts';

const lend = () => emptyPostgres(inject('postgresUrl'), inject('migrated').postgresName);
const OID = 'select oid from pg_database where datname = current_database()';

/** Lends a database, has something done to it, and lends it again. */
async function lentAgain(statement: string): Promise<{ readonly url: string; readonly isSame: boolean }> {
  const first = await lend();
  const [before] = await ask(first.url, OID);
  await ask(first.url, statement);
  first.giveBack();
  const second = await lend();
  const [after] = await ask(second.url, OID);
  second.giveBack();
  return { url: second.url, isSame: before === after };
}

test('is lent to one at a time', async () => {
  const [first, second] = [await lend(), await lend()];
  expect(first.url).not.toBe(second.url);
  first.giveBack();
  second.giveBack();
});

test('comes back without its rows, whatever refers to them', async () => {
  const { url, isSame } = await lentAgain(`with
    setting as (insert into settings (name, value) values ('a', 'b')),
    experiment as (
      insert into experiments (id, name, lifecycle, artifact_location, created_at, updated_at)
        values (1, 'e', 'active', '', 1, 1))
    insert into experiment_tags (experiment_id, key, value) values (1, 'k', 'v')`);
  expect(isSame).toBe(true);
  for (const table of ['settings', 'experiments', 'experiment_tags'])
    expect(await ask(url, `select 1 from ${table}`)).toEqual([]);
  expect((await ask(url, 'select name from migrations')).length).toBeGreaterThan(30);
});

test.each([
  ['a table more', 'create table more (x text)'],
  ['a table less', 'drop table settings'],
  ['a column more', 'alter table settings add column more text'],
  ['an index less', 'drop index events_subject'],
  ['a function more', `create function more() returns int language sql as 'select 1'`],
  ['a schema more', 'create schema more'],
])('with %s it is made anew', async (_, statement) => {
  const { url, isSame } = await lentAgain(statement);
  expect(isSame).toBe(false);
  // Has all that the program needs.
  await (await openDatabase({ url })).close();
  expect(await ask(url, 'select 1 from settings')).toEqual([]);
  expect(await ask(url, `select 1 from pg_class where relname = 'more'`)).toEqual([]);
});

test('whoever is still connected is not any more', async () => {
  const first = await lend();
  const database = await openDatabase({ url: first.url });
  await database.write((writer) => writer.insertInto('settings').values({ name: 'a', value: '' }).execute());
  first.giveBack();
  const second = await lend();
  const others = `select pid from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()`;
  expect(await ask(second.url, others)).toEqual([]);
  await database.close();
  second.giveBack();
});
