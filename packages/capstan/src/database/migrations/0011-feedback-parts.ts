import type { Migration } from './migration.ts';

/** What of the labelled predictions was written to files before, and what has changed since. */
export const feedbackParts: Migration = {
  name: '0011-feedback-parts',
  async up(db, { integer }) {
    await db.schema
      .createTable('feedback_parts')
      .addColumn('deployment', 'text', (column) => column.notNull())
      .addColumn('dataset', 'text', (column) => column.notNull())
      .addColumn('starts_at', integer, (column) => column.notNull())
      .addColumn('ends_at', integer, (column) => column.notNull())
      .addColumn('recipe', 'text', (column) => column.notNull())
      .addColumn('columns', 'text', (column) => column.notNull())
      .addColumn('digest', 'text')
      .addColumn('size_bytes', integer, (column) => column.notNull())
      .addColumn('rows', integer, (column) => column.notNull())
      .addColumn('label_seq', integer, (column) => column.notNull())
      .addColumn('correction', integer, (column) => column.notNull())
      .addPrimaryKeyConstraint('feedback_parts_pk', ['deployment', 'dataset', 'starts_at'])
      .execute();
    await db.schema
      .createTable('outcome_corrections')
      .addColumn('deployment', 'text', (column) => column.notNull())
      .addColumn('number', integer, (column) => column.notNull())
      .addColumn('example_id', 'text', (column) => column.notNull())
      .addPrimaryKeyConstraint('outcome_corrections_pk', ['deployment', 'number'])
      .execute();
  },
};
