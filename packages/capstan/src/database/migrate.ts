import type { Kysely } from 'kysely';
import { conflict } from '#kernel/errors';
import type { Database } from './database.ts';
import { migrations as all } from './migrations/index.ts';
import type { Migration } from './migrations/migration.ts';

/**
 * Brings the schema up to date, each step in one transaction with the row that records it: a kill between statements
 * leaves the step undone as a whole.
 * @throws DomainError CONFLICT when the database has steps this program does not know: it is from a newer version
 */
export async function migrate(database: Database, migrations: readonly Migration[] = all): Promise<string[]> {
  await database.write(async (writer) => {
    await writer.schema
      .createTable('migrations')
      .ifNotExists()
      .addColumn('name', 'text', (column) => column.primaryKey().notNull())
      .addColumn('applied_at', database.dialect.integer, (column) => column.notNull())
      .execute();
  });
  const applied = await database.read.selectFrom('migrations').select('name').execute();
  refuseUnknown(
    applied.map((row) => row.name),
    migrations,
  );

  const done: string[] = [];
  const known = new Set(applied.map((row) => row.name));
  for (const migration of migrations) {
    if (known.has(migration.name)) continue;
    if (await applyOnce(database, migration)) done.push(migration.name);
  }
  return done;
}

function refuseUnknown(applied: readonly string[], migrations: readonly Migration[]): void {
  const known = new Set(migrations.map((migration) => migration.name));
  const unknown = applied.filter((name) => !known.has(name));
  if (unknown.length === 0) return;
  throw conflict(`The database was written by a newer Capstan (it has ${unknown.join(', ')})`, {
    hint: 'Run that version, or restore a backup made before the upgrade.',
  });
}

/** Two servers may start at once: the lock makes the second one see the first one's row. */
function applyOnce(database: Database, migration: Migration): Promise<boolean> {
  return database.write(async (writer) => {
    const row = await writer
      .selectFrom('migrations')
      .select('name')
      .where('name', '=', migration.name)
      .executeTakeFirst();
    if (row) return false;
    await migration.up(writer as unknown as Kysely<unknown>, database.dialect);
    // Real time on purpose: it says when the operator upgraded.
    await writer.insertInto('migrations').values({ name: migration.name, applied_at: Date.now() }).execute();
    return true;
  });
}
