import { sql } from 'kysely';
import type { Migration } from './migration.ts';

/** The ledger of technical debt: what was measured last, and when each debt was found and repaid. */
export const debt: Migration = {
  name: '0009-debt',
  async up(db, { integer }) {
    await db.schema
      .createTable('debt_reports')
      .addColumn('project', 'text', (column) => column.primaryKey().notNull())
      .addColumn('items', 'text', (column) => column.notNull())
      .addColumn('measured_at', integer, (column) => column.notNull())
      .execute();
    await db.schema
      .createTable('debt_items')
      .addColumn('project', 'text', (column) => column.notNull())
      .addColumn('item_key', 'text', (column) => column.notNull())
      .addColumn('since', integer, (column) => column.notNull())
      .addColumn('title', 'text', (column) => column.notNull())
      .addColumn('repaid_at', integer)
      .addPrimaryKeyConstraint('debt_items_pk', ['project', 'item_key', 'since'])
      .execute();
    await sql`create unique index debt_items_open on debt_items (project, item_key) where repaid_at is null`.execute(
      db,
    );
    await db.schema
      .createTable('debt_features')
      .addColumn('verdict', 'text', (column) => column.primaryKey().notNull())
      .addColumn('benefits', 'text', (column) => column.notNull())
      .addColumn('measured_at', integer, (column) => column.notNull())
      .execute();
  },
};
