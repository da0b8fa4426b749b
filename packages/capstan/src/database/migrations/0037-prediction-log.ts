import type { Migration } from './migration.ts';

/** The log of predictions as Parquet files: every row of every part, shadows and failures among them. */
export const predictionLog: Migration = {
  name: '0037-prediction-log',
  async up(db, { integer }) {
    await db.schema
      .alterTable('deployments')
      .addColumn('redacted', 'text', (column) => column.notNull().defaultTo('[]'))
      .execute();
    await db.schema
      .createTable('prediction_log_files')
      .addColumn('deployment', 'text', (column) => column.notNull())
      .addColumn('name', 'text', (column) => column.notNull())
      .addColumn('digest', 'text', (column) => column.notNull())
      .addColumn('size_bytes', integer, (column) => column.notNull())
      .addColumn('rows', integer, (column) => column.notNull())
      .addColumn('min_at', integer, (column) => column.notNull())
      .addColumn('max_at', integer, (column) => column.notNull())
      .addPrimaryKeyConstraint('prediction_log_files_pk', ['deployment', 'name'])
      .execute();
  },
};
