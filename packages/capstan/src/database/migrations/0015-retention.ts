import { sql } from 'kysely';
import type { Migration } from './migration.ts';

/** When things went into the trash, what is being purged from it, and files that come in parts. */
export const retention: Migration = {
  name: '0015-retention',
  async up(db, { integer }) {
    for (const table of ['experiments', 'runs', 'logged_models']) {
      await db.schema.alterTable(table).addColumn('deleted_at', integer).execute();
      await sql`update ${sql.table(table)} set deleted_at = updated_at where lifecycle = 'deleted'`.execute(db);
      await sql`create index ${sql.ref(`${table}_trash`)} on ${sql.table(table)} (deleted_at)
        where lifecycle = 'deleted'`.execute(db);
    }
    await db.schema
      .createTable('purges')
      .addColumn('kind', 'text', (column) => column.notNull())
      .addColumn('key', 'text', (column) => column.notNull())
      .addColumn('artifact_root', 'text', (column) => column.notNull())
      .addColumn('purged_at', integer, (column) => column.notNull())
      .addPrimaryKeyConstraint('purges_pk', ['kind', 'key'])
      .execute();
    await db.schema
      .createTable('multipart_uploads')
      .addColumn('id', 'text', (column) => column.primaryKey())
      .addColumn('root', 'text', (column) => column.notNull())
      .addColumn('path', 'text', (column) => column.notNull())
      .addColumn('parts', integer, (column) => column.notNull())
      .addColumn('state', 'text', (column) => column.notNull())
      .addColumn('expires_at', integer, (column) => column.notNull())
      .execute();
  },
};
