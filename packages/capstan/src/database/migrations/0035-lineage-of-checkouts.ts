import { sql } from 'kysely';
import type { Migration } from './migration.ts';

/** What tells which dataset versions a checkout has read, and which experiment runs its stages have made. */
export const lineageOfCheckouts: Migration = {
  name: '0035-lineage-of-checkouts',
  async up(db) {
    await db.schema.alterTable('data_files').addColumn('md5', 'text').execute();
    await sql`create index run_tags_pipeline_run on run_tags (value) where key = 'capstan.pipeline_run'`.execute(db);
  },
};
