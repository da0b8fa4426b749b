import type { Migration } from './migration.ts';

/** Calls with a token that nobody knows, by the hour. */
export const unknownCallers: Migration = {
  name: '0043-unknown-callers',
  async up(db, { integer }) {
    await db.schema
      .createTable('unknown_callers')
      .addColumn('token', 'text', (column) => column.notNull())
      .addColumn('deployment', 'text', (column) => column.notNull())
      .addColumn('hour', integer, (column) => column.notNull())
      .addColumn('agent', 'text', (column) => column.notNull())
      .addColumn('address', 'text', (column) => column.notNull())
      .addColumn('requests', integer, (column) => column.notNull())
      .addColumn('last_at', integer, (column) => column.notNull())
      .addPrimaryKeyConstraint('unknown_callers_pk', ['hour', 'deployment', 'token', 'agent', 'address'])
      .execute();
  },
};
