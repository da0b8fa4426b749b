import type { Migration } from './migration.ts';

/** Trials of the expectations of a dataset against faults, with what was found of each. */
export const expectationTests: Migration = {
  name: '0029-expectation-tests',
  async up(db, { integer }) {
    await db.schema
      .createTable('expectation_tests')
      .addColumn('id', 'text', (column) => column.primaryKey().notNull())
      .addColumn('project', 'text', (column) => column.notNull())
      .addColumn('dataset', 'text', (column) => column.notNull())
      .addColumn('version_id', 'text', (column) => column.notNull())
      .addColumn('number', integer, (column) => column.notNull())
      .addColumn('seed', integer, (column) => column.notNull())
      .addColumn('most_faults', integer, (column) => column.notNull())
      .addColumn('status', 'text', (column) => column.notNull())
      .addColumn('suite_path', 'text')
      .addColumn('suite_digest', 'text')
      .addColumn('injected', integer, (column) => column.notNull())
      .addColumn('caught', integer, (column) => column.notNull())
      .addColumn('stopped', integer, (column) => column.notNull())
      .addColumn('error', 'text')
      .addColumn('outcome', 'text')
      .addColumn('created_at', integer, (column) => column.notNull())
      .addColumn('ended_at', integer)
      .execute();
    await db.schema
      .createIndex('expectation_tests_by_dataset')
      .on('expectation_tests')
      .columns(['project', 'dataset', 'created_at'])
      .execute();
  },
};
