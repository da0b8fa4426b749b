import { sql } from 'kysely';
import type { Migration } from './migration.ts';

/** Pipeline runs, their stages, attempts, and the results that stand in for later runs. */
export const pipelines: Migration = {
  name: '0004b-pipelines',
  async up(db, { integer }) {
    await db.schema
      .createTable('pipeline_runs')
      .addColumn('id', 'text', (column) => column.primaryKey().notNull())
      .addColumn('project', 'text', (column) => column.notNull())
      .addColumn('number', integer, (column) => column.notNull())
      .addColumn('status', 'text', (column) => column.notNull())
      .addColumn('phase', 'text', (column) => column.notNull())
      .addColumn('reason', 'text')
      .addColumn('revision', integer, (column) => column.notNull())
      .addColumn('inputs', 'text', (column) => column.notNull())
      .addColumn('params', 'text', (column) => column.notNull())
      .addColumn('cutoff', integer)
      .addColumn('stage_timeout_ms', integer, (column) => column.notNull())
      .addColumn('code_digest', 'text')
      .addColumn('git_commit', 'text')
      .addColumn('environment_key', 'text')
      .addColumn('environment_log', 'text')
      .addColumn('model_versions', 'text', (column) => column.notNull())
      .addColumn('request_key', 'text')
      .addColumn('cancel_requested_at', integer)
      .addColumn('fence', integer, (column) => column.notNull())
      .addColumn('actor', 'text', (column) => column.notNull())
      .addColumn('cycle', 'text')
      .addColumn('created_at', integer, (column) => column.notNull())
      .addColumn('started_at', integer)
      .addColumn('ended_at', integer)
      .addUniqueConstraint('pipeline_runs_number', ['project', 'number'])
      .execute();
    await sql`create unique index pipeline_runs_request on pipeline_runs (project, request_key)
      where request_key is not null`.execute(db);
    await db.schema.createIndex('pipeline_runs_newest').on('pipeline_runs').columns(['created_at', 'id']).execute();

    await db.schema
      .createTable('pipeline_stages')
      .addColumn('pipeline_run', 'text', (column) => column.notNull().references('pipeline_runs.id'))
      .addColumn('name', 'text', (column) => column.notNull())
      .addColumn('project', 'text', (column) => column.notNull())
      .addColumn('position', integer, (column) => column.notNull())
      .addColumn('status', 'text', (column) => column.notNull())
      .addColumn('is_cached', integer, (column) => column.notNull())
      .addColumn('description', 'text')
      .addColumn('command', 'text', (column) => column.notNull())
      .addColumn('after', 'text', (column) => column.notNull())
      .addColumn('inputs', 'text', (column) => column.notNull())
      .addColumn('outputs', 'text', (column) => column.notNull())
      .addColumn('why', 'text', (column) => column.notNull())
      .addColumn('reason', 'text')
      .addColumn('result', 'text')
      .addColumn('run_id', 'text')
      .addColumn('ended_at', integer)
      .addPrimaryKeyConstraint('pipeline_stages_pk', ['pipeline_run', 'name'])
      .execute();
    await db.schema
      .createIndex('pipeline_stages_latest')
      .on('pipeline_stages')
      .columns(['project', 'name', 'ended_at'])
      .execute();

    await db.schema
      .createTable('stage_attempts')
      .addColumn('id', 'text', (column) => column.primaryKey().notNull())
      .addColumn('pipeline_run', 'text', (column) => column.notNull().references('pipeline_runs.id'))
      .addColumn('stage', 'text', (column) => column.notNull())
      .addColumn('number', integer, (column) => column.notNull())
      .addColumn('status', 'text', (column) => column.notNull())
      .addColumn('reason', 'text')
      .addColumn('run_id', 'text')
      .addColumn('is_run_ended', integer, (column) => column.notNull())
      .addColumn('started_at', integer, (column) => column.notNull())
      .addColumn('ended_at', integer)
      .addColumn('exit_code', integer)
      .addColumn('signal', 'text')
      .addColumn('duration_ms', integer)
      .addColumn('cpu_ms', integer)
      .addColumn('peak_memory_bytes', integer)
      .addColumn('log_digest', 'text')
      .addUniqueConstraint('stage_attempts_number', ['pipeline_run', 'stage', 'number'])
      .execute();
    await db.schema.createIndex('stage_attempts_run').on('stage_attempts').columns(['run_id']).execute();

    await db.schema
      .createTable('stage_results')
      .addColumn('id', 'text', (column) => column.primaryKey().notNull())
      .addColumn('project', 'text', (column) => column.notNull())
      .addColumn('stage', 'text', (column) => column.notNull())
      .addColumn('result_key', 'text', (column) => column.notNull())
      .addColumn('environment_key', 'text', (column) => column.notNull())
      .addColumn('entry', 'text', (column) => column.notNull())
      .addColumn('outputs', 'text', (column) => column.notNull())
      .addColumn('attempt', 'text', (column) => column.notNull())
      .addColumn('run_id', 'text')
      .addColumn('model_versions', 'text', (column) => column.notNull())
      .addColumn('created_at', integer, (column) => column.notNull())
      .execute();
    await db.schema
      .createIndex('stage_results_key')
      .on('stage_results')
      .columns(['project', 'result_key', 'environment_key', 'created_at'])
      .execute();
  },
};
