import type { Migration } from './migration.ts';

/** Webhooks, and what is to be told to each: the outbox. */
export const webhooks: Migration = {
  name: '0014-webhooks',
  async up(db, { integer }) {
    await db.schema
      .createTable('webhooks')
      .addColumn('id', 'text', (column) => column.primaryKey())
      .addColumn('name', 'text', (column) => column.notNull())
      .addColumn('description', 'text')
      .addColumn('url', 'text', (column) => column.notNull())
      .addColumn('events', 'text', (column) => column.notNull())
      .addColumn('secret', 'text')
      .addColumn('status', 'text', (column) => column.notNull())
      .addColumn('since_seq', integer, (column) => column.notNull())
      .addColumn('created_at', integer, (column) => column.notNull())
      .addColumn('updated_at', integer, (column) => column.notNull())
      .execute();
    await db.schema
      .createTable('webhook_deliveries')
      .addColumn('id', 'text', (column) => column.primaryKey())
      .addColumn('webhook_id', 'text', (column) => column.notNull())
      .addColumn('event_seq', integer, (column) => column.notNull())
      .addColumn('event', 'text', (column) => column.notNull())
      .addColumn('body', 'text', (column) => column.notNull())
      .addColumn('state', 'text', (column) => column.notNull())
      .addColumn('tries', integer, (column) => column.notNull())
      .addColumn('status', integer)
      .addColumn('error', 'text')
      .addColumn('created_at', integer, (column) => column.notNull())
      .addColumn('tried_at', integer)
      .addColumn('next_try_at', integer)
      .execute();
    await db.schema
      .createIndex('webhook_deliveries_once')
      .unique()
      .on('webhook_deliveries')
      .columns(['webhook_id', 'event_seq', 'event'])
      .execute();
    await db.schema
      .createIndex('webhook_deliveries_newest')
      .on('webhook_deliveries')
      .columns(['webhook_id', 'id'])
      .execute();
  },
};
