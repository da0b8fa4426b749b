import { sql } from 'kysely';
import type { Migration } from './migration.ts';

/** Turns of the cycle, their steps and decisions, and the triggers that the policy has judged. */
export const retraining: Migration = {
  name: '0007-retraining',
  async up(db, { integer, double }) {
    await db.schema
      .createTable('cycles')
      .addColumn('id', 'text', (column) => column.primaryKey().notNull())
      .addColumn('project', 'text', (column) => column.notNull())
      .addColumn('number', integer, (column) => column.notNull())
      .addColumn('state', 'text', (column) => column.notNull())
      .addColumn('trigger_kind', 'text', (column) => column.notNull())
      .addColumn('trigger_reason', 'text', (column) => column.notNull())
      .addColumn('trigger_at', integer, (column) => column.notNull())
      .addColumn('reason', 'text')
      .addColumn('window_from', integer)
      .addColumn('window_before', integer)
      .addColumn('labelled', 'text')
      .addColumn('evaluation', 'text')
      .addColumn('training', 'text', (column) => column.notNull())
      .addColumn('baseline_probability', double)
      .addColumn('pipeline_run', 'text')
      .addColumn('model', 'text')
      .addColumn('version', integer)
      .addColumn('verdict', 'text')
      .addColumn('deployment', 'text')
      .addColumn('rollout', 'text')
      .addColumn('last_event', integer, (column) => column.notNull())
      .addColumn('started_at', integer, (column) => column.notNull())
      .addColumn('ended_at', integer)
      .addUniqueConstraint('cycles_number', ['project', 'number'])
      .execute();
    // One turn at a time: two would train on the same labels and judge each other's champions.
    await sql`create unique index cycles_open on cycles (project)
      where state not in ('promoted', 'refused', 'rolled-back', 'failed')`.execute(db);

    await db.schema
      .createTable('cycle_steps')
      .addColumn('cycle', 'text', (column) => column.notNull().references('cycles.id'))
      .addColumn('seq', integer, (column) => column.notNull())
      .addColumn('step', 'text', (column) => column.notNull())
      .addColumn('decision', 'text')
      .addColumn('status', 'text', (column) => column.notNull())
      .addColumn('value', 'text', (column) => column.notNull())
      .addColumn('limit_value', 'text', (column) => column.notNull())
      .addColumn('n', integer)
      .addColumn('evidence', 'text', (column) => column.notNull())
      .addColumn('reason', 'text')
      .addColumn('started_at', integer, (column) => column.notNull())
      .addColumn('ended_at', integer)
      .addPrimaryKeyConstraint('cycle_steps_pk', ['cycle', 'seq'])
      .execute();

    await db.schema
      .createTable('cycle_triggers')
      .addColumn('project', 'text', (column) => column.notNull())
      .addColumn('trigger_key', 'text', (column) => column.notNull())
      .addColumn('kind', 'text', (column) => column.notNull())
      .addColumn('trigger_reason', 'text', (column) => column.notNull())
      .addColumn('trigger_at', integer, (column) => column.notNull())
      .addColumn('cycle', 'text')
      .addColumn('reason', 'text', (column) => column.notNull())
      .addColumn('checks', 'text', (column) => column.notNull())
      .addColumn('event_seq', integer, (column) => column.notNull())
      .addColumn('considered_at', integer, (column) => column.notNull())
      .addPrimaryKeyConstraint('cycle_triggers_pk', ['project', 'trigger_key'])
      .execute();
    await db.schema
      .createIndex('cycle_triggers_newest')
      .on('cycle_triggers')
      .columns(['project', 'event_seq'])
      .execute();
  },
};
