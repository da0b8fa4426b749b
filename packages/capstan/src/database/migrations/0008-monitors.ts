import { sql } from 'kysely';
import type { Migration } from './migration.ts';

/** Judged windows of monitors, their alerts, and the training data they are compared with as counts over frozen bins. */
export const monitors: Migration = {
  name: '0008-monitors',
  async up(db, { integer }) {
    await db.schema
      .createTable('monitor_references')
      .addColumn('deployment', 'text', (column) => column.notNull())
      .addColumn('revision', integer, (column) => column.notNull())
      .addColumn('body', 'text', (column) => column.notNull())
      .addColumn('measured_at', integer, (column) => column.notNull())
      .addPrimaryKeyConstraint('monitor_references_pk', ['deployment', 'revision'])
      .execute();
    await db.schema
      .createTable('monitor_windows')
      .addColumn('project', 'text', (column) => column.notNull())
      .addColumn('monitor', 'text', (column) => column.notNull())
      .addColumn('window_from', integer, (column) => column.notNull())
      .addColumn('window_before', integer, (column) => column.notNull())
      .addColumn('revision', integer)
      .addColumn('model_version', integer)
      .addColumn('verdict', 'text', (column) => column.notNull())
      .addColumn('reason', 'text', (column) => column.notNull())
      .addColumn('n', integer, (column) => column.notNull())
      .addColumn('body', 'text', (column) => column.notNull())
      .addColumn('event_seq', integer, (column) => column.notNull())
      .addColumn('judged_at', integer, (column) => column.notNull())
      .addPrimaryKeyConstraint('monitor_windows_pk', ['project', 'monitor', 'window_from'])
      .execute();
    await db.schema
      .createTable('monitor_alerts')
      .addColumn('id', 'text', (column) => column.primaryKey().notNull())
      .addColumn('project', 'text', (column) => column.notNull())
      .addColumn('monitor', 'text', (column) => column.notNull())
      .addColumn('kind', 'text', (column) => column.notNull())
      .addColumn('reason', 'text', (column) => column.notNull())
      .addColumn('window_from', integer, (column) => column.notNull())
      .addColumn('window_before', integer, (column) => column.notNull())
      .addColumn('revision', integer)
      .addColumn('event_seq', integer, (column) => column.notNull())
      .addColumn('raised_at', integer, (column) => column.notNull())
      .addColumn('resolved_at', integer)
      .addColumn('resolution', 'text')
      .execute();
    await db.schema.createIndex('monitor_alerts_newest').on('monitor_alerts').columns(['project', 'monitor']).execute();
    // One alert of a monitor stands at a time.
    await sql`create unique index monitor_alerts_open on monitor_alerts (project, monitor)
      where resolved_at is null`.execute(db);
  },
};
