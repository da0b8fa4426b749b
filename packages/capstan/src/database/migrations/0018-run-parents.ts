import { sql } from 'kysely';
import type { Migration } from './migration.ts';

/** Nested runs: the children of a run are found without reading every tag. */
export const runParents: Migration = {
  name: '0018-run-parents',
  async up(db) {
    await sql`create index run_tags_parent on run_tags (value) where key = 'mlflow.parentRunId'`.execute(db);
  },
};
