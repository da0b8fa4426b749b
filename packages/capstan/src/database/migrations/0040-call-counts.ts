import type { Migration } from './migration.ts';

/** What callers have asked, by the hour, and the batches of counts that have been taken. */
export const callCounts: Migration = {
  name: '0040-call-counts',
  async up(db, { integer }) {
    await db.schema
      .createTable('call_counts')
      .addColumn('deployment', 'text', (column) => column.notNull())
      .addColumn('hour', integer, (column) => column.notNull())
      .addColumn('consumer', 'text', (column) => column.notNull())
      .addColumn('agent', 'text', (column) => column.notNull())
      .addColumn('address', 'text', (column) => column.notNull())
      .addColumn('requests', integer, (column) => column.notNull())
      .addColumn('rows', integer, (column) => column.notNull())
      .addColumn('errors', integer, (column) => column.notNull())
      .addColumn('refused', integer, (column) => column.notNull())
      .addColumn('last_at', integer, (column) => column.notNull())
      .addPrimaryKeyConstraint('call_counts_pk', ['deployment', 'hour', 'consumer', 'agent', 'address'])
      .execute();
    await db.schema.createIndex('call_counts_hour').on('call_counts').columns(['hour', 'consumer']).execute();
    await db.schema
      .createTable('call_batches')
      .addColumn('id', 'text', (column) => column.primaryKey())
      .addColumn('replica', 'text', (column) => column.notNull())
      .addColumn('received_at', integer, (column) => column.notNull())
      .execute();
    await db.schema.createIndex('call_batches_received').on('call_batches').column('received_at').execute();
  },
};
