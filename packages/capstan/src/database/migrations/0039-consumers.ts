import type { Migration } from './migration.ts';

/** Consumers of deployments, their tokens, and who may call what. */
export const consumers: Migration = {
  name: '0039-consumers',
  async up(db, { integer }) {
    await db.schema
      .createTable('consumers')
      .addColumn('name', 'text', (column) => column.primaryKey())
      .addColumn('project', 'text', (column) => column.notNull())
      .addColumn('owner', 'text', (column) => column.notNull())
      .addColumn('purpose', 'text', (column) => column.notNull())
      .addColumn('deployments', 'text')
      .addColumn('quota', 'text')
      .addColumn('is_retired', integer, (column) => column.notNull().defaultTo(0))
      .addColumn('created_at', integer, (column) => column.notNull())
      .execute();
    await db.schema
      .createTable('consumer_tokens')
      .addColumn('id', 'text', (column) => column.primaryKey())
      .addColumn('consumer', 'text', (column) => column.notNull())
      .addColumn('prefix', 'text', (column) => column.notNull())
      .addColumn('sha256', 'text', (column) => column.notNull().unique())
      .addColumn('created_at', integer, (column) => column.notNull())
      .addColumn('created_by', 'text', (column) => column.notNull())
      .addColumn('expires_at', integer)
      .addColumn('revoked_at', integer)
      .addColumn('last_used_at', integer)
      .execute();
    await db.schema.createIndex('consumer_tokens_consumer').on('consumer_tokens').column('consumer').execute();
    await db.schema
      .createTable('caller_policies')
      .addColumn('deployment', 'text', (column) => column.primaryKey())
      .addColumn('project', 'text', (column) => column.notNull())
      .addColumn('callers', 'text', (column) => column.notNull())
      .execute();
    await db.schema.alterTable('serving_snapshot').addColumn('access', 'text').execute();
  },
};
