import { sql } from 'kysely';
import type { Migration } from './migration.ts';

/** Runs of pipelines in checkouts, told by those who run them. */
export const reportedRuns: Migration = {
  name: '0032-reported-runs',
  async up(db, { integer, bytes }) {
    await db.schema
      .alterTable('pipeline_runs')
      .addColumn('source', 'text', (column) => column.notNull().defaultTo('server'))
      .execute();
    await db.schema.alterTable('pipeline_runs').addColumn('place', 'text').execute();
    await db.schema.alterTable('pipeline_runs').addColumn('facts', integer).execute();
    await db.schema.alterTable('pipeline_runs').addColumn('heard_at', integer).execute();
    await db.schema.alterTable('pipeline_stages').addColumn('report', 'text').execute();
    await db.schema
      .createTable('attempt_log_pieces')
      .addColumn('attempt', 'text', (column) => column.notNull().references('stage_attempts.id'))
      .addColumn('start', integer, (column) => column.notNull())
      .addColumn('size_bytes', integer, (column) => column.notNull())
      .addColumn('bytes', sql.raw(bytes), (column) => column.notNull())
      .addPrimaryKeyConstraint('attempt_log_pieces_pk', ['attempt', 'start'])
      .execute();
  },
};
