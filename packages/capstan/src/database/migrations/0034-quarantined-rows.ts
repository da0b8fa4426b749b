import { sql } from 'kysely';
import type { Migration } from './migration.ts';

/** Rows that the check of a dataset version put aside. */
export const quarantinedRows: Migration = {
  name: '0034-quarantined-rows',
  async up(db, { integer }) {
    await db.schema.alterTable('dataset_versions').addColumn('registered_digest', 'text').execute();
    await db.schema
      .alterTable('dataset_versions')
      .addColumn('quarantined_rows', integer, (column) => column.notNull().defaultTo(0))
      .execute();
    await db.schema.alterTable('dataset_versions').addColumn('quarantine', 'text').execute();
    await sql`create index dataset_versions_registered on dataset_versions (project, dataset, registered_digest)
      where registered_digest is not null`.execute(db);
  },
};
