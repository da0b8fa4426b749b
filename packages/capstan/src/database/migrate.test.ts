import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { migrate } from './migrate.ts';
import { migrations } from './migrations/index.ts';
import { describeDatabases } from './testing.ts';

describeDatabases('migrations', (open) => {
  test('the schema is the golden one', async () => {
    const database = await open();
    const golden = fileURLToPath(new URL(`./golden/schema.${database.dialect.name}.sql`, import.meta.url));
    await expect(await database.dialect.dumpSchema(database.read)).toMatchFileSnapshot(golden);
  });

  test('each runs once, also when two servers start together', async () => {
    const database = await open();
    const extra = {
      name: '9999-extra',
      up: async (db: Parameters<(typeof migrations)[number]['up']>[0]) => {
        await db.schema.createTable('extra').addColumn('a', 'text').execute();
      },
    };
    const lists = await Promise.all([
      migrate(database, [...migrations, extra]),
      migrate(database, [...migrations, extra]),
    ]);
    expect(lists.flat()).toEqual(['9999-extra']);
  });

  test('one that fails leaves nothing of itself', async () => {
    const database = await open();
    const broken = {
      name: '9999-broken',
      up: async (db: Parameters<(typeof migrations)[number]['up']>[0]) => {
        await db.schema.createTable('half').addColumn('a', 'text').execute();
        throw new Error('in the middle');
      },
    };
    await expect(migrate(database, [...migrations, broken])).rejects.toThrow('in the middle');
    expect(await database.dialect.dumpSchema(database.read)).not.toContain('half');
  });

  test('a database of a newer version is refused', async () => {
    const database = await open();
    await expect(migrate(database, migrations.slice(0, -1))).rejects.toMatchObject({ code: 'CONFLICT' });
  });
});

test('every migration has a name of its own, in order', () => {
  const names = migrations.map((migration) => migration.name);
  expect(names).toEqual([...new Set(names)].toSorted());
});
