import { sql } from 'kysely';
import { expect, test } from 'vitest';
import { memoOf } from './memo.ts';
import { describeDatabases } from './testing.ts';

describeDatabases('a database', (open) => {
  const put = (name: string, value = 'x') => ({ name, value });

  test('a write is there for readers once it is acknowledged', async () => {
    const database = await open();
    const answer = await database.write(async (writer) => {
      await writer.insertInto('settings').values(put('a')).execute();
      return 42;
    });
    expect(answer).toBe(42);
    expect(await database.read.selectFrom('settings').select('name').execute()).toEqual([{ name: 'a' }]);
  });

  test('a write that throws leaves nothing, and its neighbours in the same commit stand', async () => {
    const database = await open();
    const results = await Promise.allSettled(
      Array.from({ length: 20 }, (_, index) =>
        database.write(async (writer) => {
          await writer
            .insertInto('settings')
            .values(put(`k${index}`))
            .execute();
          if (index % 3 === 0) throw new Error(`no ${index}`);
        }),
      ),
    );
    expect(results.filter((result) => result.status === 'rejected')).toHaveLength(7);
    const rows = await database.read.selectFrom('settings').select('name').execute();
    expect(rows.map((row) => row.name).toSorted()).toEqual(
      Array.from({ length: 20 }, (_, index) => index)
        .filter((index) => index % 3 !== 0)
        .map((index) => `k${index}`)
        .toSorted(),
    );
  });

  test('listeners hear of commits until they stop', async () => {
    const database = await open();
    let heard = 0;
    const stop = database.onCommit(() => heard++);
    await database.write((writer) => writer.insertInto('settings').values(put('a')).execute());
    expect(heard).toBeGreaterThan(0);
    stop();
    const before = heard;
    await database.write((writer) => writer.insertInto('settings').values(put('b')).execute());
    expect(heard).toBe(before);
  });

  test('rows as lists hold the values in the order of the select, and leave rows as objects to others', async () => {
    const database = await open();
    await database.write((writer) =>
      writer
        .insertInto('settings')
        .values([put('a', '1'), put('b', '2')])
        .execute(),
    );
    const both = sql`select value, name from settings order by name`;
    expect(await database.dialect.selectLists(database.read, both)).toEqual([
      ['1', 'a'],
      ['2', 'b'],
    ]);
    expect((await both.execute(database.read)).rows[0]).toEqual({ value: '1', name: 'a' });
  });

  test('insertMany leaves out keys that exist and says how many were new', async () => {
    const database = await open();
    const columns = [
      { name: 'name', type: 'text' },
      { name: 'value', type: 'text' },
    ] as const;
    const insert = (rows: string[][]) =>
      database.write((writer) => database.dialect.insertMany(writer, 'settings', columns, rows));
    expect(
      await insert([
        ['a', '1'],
        ['b', '2'],
      ]),
    ).toBe(2);
    expect(
      await insert([
        ['b', '9'],
        ['c', '3'],
      ]),
    ).toBe(1);
    expect(await insert([])).toBe(0);
    const rows = await database.read.selectFrom('settings').selectAll().orderBy('name').execute();
    expect(rows.map((row) => row.value)).toEqual(['1', '2', '3']);
  });

  test('insertManyOf says how many rows of each owner were new', async () => {
    const database = await open();
    const columns = [
      { name: 'experiment_id', type: 'integer' },
      { name: 'key', type: 'text' },
      { name: 'value', type: 'text' },
    ] as const;
    await database.write((writer) =>
      writer
        .insertInto('experiments')
        .values(
          [1, 2, 3].map((id) => ({
            id,
            name: `e${id}`,
            artifact_location: '',
            lifecycle: 'active' as const,
            created_at: 0,
            updated_at: 0,
            deleted_at: null,
          })),
        )
        .execute(),
    );
    const tags = (owner: number, ...keys: string[]) => [owner, keys.map((key) => [owner, key, 'v'])] as const;
    const insert = async (...rows: ReturnType<typeof tags>[]) => {
      const counts = await database.write((writer) =>
        database.dialect.insertManyOf(writer, 'experiment_tags', columns, new Map(rows)),
      );
      return [...counts].toSorted(([a], [b]) => a - b);
    };
    expect(await insert(tags(1, 'a', 'b'), tags(2, 'a'), tags(3))).toEqual([
      [1, 2],
      [2, 1],
    ]);
    expect(await insert(tags(2, 'a'), tags(1, 'b', 'c'))).toEqual([[1, 1]]);
    expect(await insert()).toEqual([]);
  });

  test('rows are found by lists of texts and of integers', async () => {
    const database = await open();
    const { dialect, read } = database;
    const ticks = [1, 2, 2 ** 40].map((at) => ({ schedule: 'a"\\,{b', due_at: at, job_id: String(at) }));
    await database.write((writer) => writer.insertInto('schedule_ticks').values(ticks).execute());
    const find = async (type: 'text' | 'integer', column: string, values: (string | number)[]) => {
      const list = sql.val(dialect.listOf(type, values));
      const { rows } = await sql<{ id: string }>`select job_id as id from schedule_ticks
        where ${dialect.isIn(type, sql.ref(column), list)} order by due_at`.execute(read);
      return rows.map(({ id }) => id);
    };
    expect(await find('integer', 'due_at', [2, 2 ** 40, 7])).toEqual(['2', String(2 ** 40)]);
    expect(await find('integer', 'due_at', [])).toEqual([]);
    expect(await find('text', 'schedule', ['x', 'a"\\,{b'])).toHaveLength(3);
    expect(await find('text', 'schedule', ['a'])).toEqual([]);
    const at = async (values: number[]) => {
      const found = dialect.rowsAt('schedule_ticks', sql`schedule = ${ticks[0]?.schedule}`, 'due_at', values);
      return (await sql<{ id: string }>`select job_id as id from ${found} ticks order by due_at`.execute(read)).rows;
    };
    expect(await at([2 ** 40, 3, 1])).toEqual([{ id: '1' }, { id: String(2 ** 40) }]);
    expect(await at([])).toEqual([]);
  });

  test('what a write notes is known to those behind it in its transaction, if it stays', async () => {
    const database = await open();
    let seen: { memo: object; value: unknown }[] = [];
    const note = (value: string, isRefused = false) =>
      database.write(async (writer) => {
        const memo = memoOf(writer);
        seen.push({ memo, value: memo.get('note') });
        memo.set('note', value);
        if (isRefused) throw new Error('no');
      });
    // A transaction is closed to more writes after a while, which a busy machine may take for the first of them.
    do {
      seen = [];
      await Promise.allSettled([note('a'), note('b', true), note('c')]);
    } while (new Set(seen.map(({ memo }) => memo)).size > 1);
    await note('d');
    expect(seen.map(({ value }) => value)).toEqual([undefined, 'a', 'a', undefined]);
  });

  test('updateMany sets columns of rows that are there and says how many it found', async () => {
    const database = await open();
    const text = (name: string) => ({ name, type: 'text' as const });
    const row = (name: string, value: string) => ({ name, value });
    await database.write((writer) =>
      writer
        .insertInto('settings')
        .values([row('a', '1'), row('b', '2'), row('c', '3')])
        .execute(),
    );
    const columns = { set: [text('value')], keys: [text('name')] };
    const update = (rows: string[][]) =>
      database.write((writer) => database.dialect.updateMany(writer, 'settings', columns, rows));
    expect(
      await update([
        ['new', 'a'],
        ['newer', 'c'],
        ['lost', 'd'],
      ]),
    ).toBe(2);
    expect(await update([])).toBe(0);
    expect(await database.read.selectFrom('settings').selectAll().orderBy('name').execute()).toEqual([
      row('a', 'new'),
      row('b', '2'),
      row('c', 'newer'),
    ]);
  });

  test('integers up to 2^53 and doubles come back as numbers', async () => {
    const database = await open();
    const at = Number.MAX_SAFE_INTEGER;
    await database.write((writer) =>
      writer.insertInto('schedule_ticks').values({ schedule: 's', due_at: at, job_id: 'j' }).execute(),
    );
    expect(await database.read.selectFrom('schedule_ticks').select('due_at').executeTakeFirst()).toEqual({
      due_at: at,
    });
  });
});
