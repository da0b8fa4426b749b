import type { Migration } from './migration.ts';

/** Searches over parameters of pipelines, and their trials. */
export const sweeps: Migration = {
  name: '0031-sweeps',
  async up(db, { integer, double }) {
    await db.schema
      .createTable('sweeps')
      .addColumn('id', 'text', (column) => column.primaryKey().notNull())
      .addColumn('project', 'text', (column) => column.notNull())
      .addColumn('number', integer, (column) => column.notNull())
      .addColumn('state', 'text', (column) => column.notNull())
      .addColumn('reason', 'text')
      .addColumn('method', 'text', (column) => column.notNull())
      .addColumn('space', 'text', (column) => column.notNull())
      .addColumn('metric', 'text', (column) => column.notNull())
      .addColumn('goal', 'text', (column) => column.notNull())
      .addColumn('max_trials', integer, (column) => column.notNull())
      .addColumn('parallel', integer, (column) => column.notNull())
      .addColumn('early_stopping', 'text')
      .addColumn('seed', integer, (column) => column.notNull())
      .addColumn('time_limit_ms', integer)
      .addColumn('deadline', integer)
      .addColumn('max_failed_share', double, (column) => column.notNull())
      .addColumn('stage_timeout_ms', integer)
      .addColumn('request_key', 'text')
      .addColumn('version', integer, (column) => column.notNull())
      .addColumn('best_trial', integer)
      .addColumn('actor', 'text', (column) => column.notNull())
      .addColumn('created_at', integer, (column) => column.notNull())
      .addColumn('started_at', integer)
      .addColumn('ended_at', integer)
      .addUniqueConstraint('sweeps_number', ['project', 'number'])
      .addUniqueConstraint('sweeps_request', ['project', 'request_key'])
      .execute();
    await db.schema.createIndex('sweeps_newest').on('sweeps').columns(['created_at', 'id']).execute();

    await db.schema
      .createTable('sweep_trials')
      .addColumn('sweep', 'text', (column) => column.notNull().references('sweeps.id'))
      .addColumn('number', integer, (column) => column.notNull())
      .addColumn('state', 'text', (column) => column.notNull())
      .addColumn('params', 'text', (column) => column.notNull())
      .addColumn('value', double)
      .addColumn('step', integer)
      .addColumn('reason', 'text')
      .addColumn('pipeline_run', 'text')
      .addColumn('run_id', 'text')
      .addColumn('is_stopping', integer, (column) => column.notNull())
      .addColumn('curve', 'text', (column) => column.notNull())
      .addColumn('started_at', integer)
      .addColumn('ended_at', integer)
      .addPrimaryKeyConstraint('sweep_trials_pk', ['sweep', 'number'])
      .execute();
    await db.schema.createIndex('sweep_trials_by_run').on('sweep_trials').column('pipeline_run').execute();
  },
};
