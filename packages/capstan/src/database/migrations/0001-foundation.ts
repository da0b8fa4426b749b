import { sql } from 'kysely';
import type { Migration } from './migration.ts';

export const foundation: Migration = {
  name: '0001-foundation',
  async up(db, { integer }) {
    await db.schema
      .createTable('settings')
      .addColumn('name', 'text', (column) => column.primaryKey().notNull())
      .addColumn('value', 'text', (column) => column.notNull())
      .execute();

    await db.schema
      .createTable('events')
      .addColumn('seq', integer, (column) => column.primaryKey().notNull())
      .addColumn('id', 'text', (column) => column.notNull().unique())
      .addColumn('type', 'text', (column) => column.notNull())
      .addColumn('project', 'text')
      .addColumn('subject', 'text', (column) => column.notNull())
      .addColumn('actor', 'text', (column) => column.notNull())
      .addColumn('at', integer, (column) => column.notNull())
      .addColumn('causation_seq', integer)
      .addColumn('cycle', 'text')
      .addColumn('payload', 'text', (column) => column.notNull())
      .addColumn('prev_hash', 'text', (column) => column.notNull())
      .addColumn('hash', 'text', (column) => column.notNull())
      .execute();
    await db.schema.createIndex('events_subject').on('events').columns(['subject', 'seq']).execute();
    await db.schema.createIndex('events_project').on('events').columns(['project', 'seq']).execute();
    await db.schema.createIndex('events_type').on('events').columns(['type', 'seq']).execute();
    await db.schema.createIndex('events_cycle').on('events').columns(['cycle', 'seq']).execute();
    await db.schema.createIndex('events_causation').on('events').columns(['causation_seq']).execute();

    await db.schema
      .createTable('jobs')
      .addColumn('id', 'text', (column) => column.primaryKey().notNull())
      .addColumn('kind', 'text', (column) => column.notNull())
      .addColumn('payload', 'text', (column) => column.notNull())
      .addColumn('state', 'text', (column) => column.notNull())
      .addColumn('run_at', integer, (column) => column.notNull())
      .addColumn('priority', integer, (column) => column.notNull().defaultTo(0))
      .addColumn('attempt', integer, (column) => column.notNull().defaultTo(0))
      .addColumn('max_attempts', integer, (column) => column.notNull())
      .addColumn('fence', integer, (column) => column.notNull().defaultTo(0))
      .addColumn('lease_owner', 'text')
      .addColumn('lease_until', integer)
      .addColumn('not_before', integer, (column) => column.notNull().defaultTo(0))
      .addColumn('unique_key', 'text')
      .addColumn('last_error', 'text')
      .addColumn('caused_by', integer)
      .addColumn('created_at', integer, (column) => column.notNull())
      .addColumn('finished_at', integer)
      .execute();
    await db.schema.createIndex('jobs_state').on('jobs').columns(['state', 'run_at', 'priority']).execute();
    // A key is taken while its job is open; once that has ended the same work may be asked for again.
    await sql`create unique index jobs_unique_key on jobs (unique_key)
      where unique_key is not null and state in ('available', 'running')`.execute(db);

    await db.schema
      .createTable('schedule_ticks')
      .addColumn('schedule', 'text', (column) => column.notNull())
      .addColumn('due_at', integer, (column) => column.notNull())
      .addColumn('job_id', 'text', (column) => column.notNull())
      .addPrimaryKeyConstraint('schedule_ticks_pk', ['schedule', 'due_at'])
      .execute();
  },
};
