import { sql } from 'kysely';
import type { Migration } from './migration.ts';

/** Stages that run at once, where they are told to, from a commit; and why a stage was skipped or a run was asked for. */
export const parallelStages: Migration = {
  name: '0033-parallel-stages',
  async up(db, { integer }) {
    await db.schema
      .alterTable('pipeline_runs')
      .addColumn('executor', 'text', (column) => column.notNull().defaultTo('local'))
      .execute();
    await db.schema
      .alterTable('pipeline_runs')
      .addColumn('keeps_going', integer, (column) => column.notNull().defaultTo(0))
      .execute();
    for (const name of ['from_commit', 'retry_of', 'forced_from']) {
      await db.schema.alterTable('pipeline_runs').addColumn(name, 'text').execute();
    }
    await db.schema.alterTable('pipeline_stages').addColumn('because', 'text').execute();
    // A stage has one attempt that may publish, whatever else has been given up.
    await sql`create unique index stage_attempts_live on stage_attempts (pipeline_run, stage) where status = 'running'`.execute(
      db,
    );
    await db.schema.alterTable('stage_attempts').addColumn('machine', 'text').execute();
  },
};
