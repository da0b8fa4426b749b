import { sql } from 'kysely';
import type { Migration } from './migration.ts';

/** Verdicts on model versions, and the people who answered for them. */
export const gates: Migration = {
  name: '0004c-gates',
  async up(db, { integer }) {
    await db.schema
      .createTable('verdicts')
      .addColumn('id', 'text', (column) => column.primaryKey().notNull())
      .addColumn('project', 'text', (column) => column.notNull())
      .addColumn('model', 'text', (column) => column.notNull())
      .addColumn('version', integer, (column) => column.notNull())
      .addColumn('status', 'text', (column) => column.notNull())
      .addColumn('champion_version', integer)
      .addColumn('evaluation', 'text', (column) => column.notNull())
      .addColumn('measured', 'text', (column) => column.notNull())
      .addColumn('checks', 'text', (column) => column.notNull())
      .addColumn('request_key', 'text')
      .addColumn('cycle', 'text')
      .addColumn('actor', 'text', (column) => column.notNull())
      .addColumn('created_at', integer, (column) => column.notNull())
      .execute();
    await db.schema
      .createIndex('verdicts_version')
      .on('verdicts')
      .columns(['model', 'version', 'created_at'])
      .execute();
    await sql`create unique index verdicts_request on verdicts (request_key) where request_key is not null`.execute(db);

    await db.schema
      .createTable('approvals')
      .addColumn('model', 'text', (column) => column.notNull())
      .addColumn('version', integer, (column) => column.notNull())
      .addColumn('seq', integer, (column) => column.notNull())
      .addColumn('role', 'text', (column) => column.notNull())
      .addColumn('actor', 'text', (column) => column.notNull())
      .addColumn('reason', 'text', (column) => column.notNull())
      .addColumn('created_at', integer, (column) => column.notNull())
      .addPrimaryKeyConstraint('approvals_pk', ['model', 'version', 'seq'])
      .execute();
  },
};
