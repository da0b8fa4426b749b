import type { Migration } from './migration.ts';

/** Models over whole dataset versions. */
export const batchPredictions: Migration = {
  name: '0042-batch-predictions',
  async up(db, { integer, double }) {
    await db.schema
      .createTable('batch_predictions')
      .addColumn('id', 'text', (column) => column.primaryKey().notNull())
      .addColumn('state', 'text', (column) => column.notNull())
      .addColumn('reason', 'text')
      .addColumn('failed_row', integer)
      .addColumn('failed_column', 'text')
      .addColumn('project', 'text', (column) => column.notNull())
      .addColumn('input_dataset', 'text', (column) => column.notNull())
      .addColumn('input_number', integer, (column) => column.notNull())
      .addColumn('input_version', 'text', (column) => column.notNull())
      .addColumn('deployment', 'text')
      .addColumn('revision', integer)
      .addColumn('model', 'text', (column) => column.notNull())
      .addColumn('model_version', integer, (column) => column.notNull())
      .addColumn('flavor', 'text', (column) => column.notNull())
      .addColumn('model_digest', 'text', (column) => column.notNull())
      .addColumn('package_digest', 'text')
      .addColumn('transform', 'text', (column) => column.notNull())
      .addColumn('recipe', 'text', (column) => column.notNull())
      .addColumn('to_dataset', 'text')
      .addColumn('format', 'text', (column) => column.notNull())
      .addColumn('rows_total', integer)
      .addColumn('rows_done', integer, (column) => column.notNull())
      .addColumn('rows_failed', integer, (column) => column.notNull())
      .addColumn('rows_per_second', double)
      .addColumn('output_number', integer)
      .addColumn('output_version', 'text')
      .addColumn('result_digest', 'text')
      .addColumn('result_bytes', integer)
      .addColumn('request_key', 'text')
      .addColumn('fence', integer, (column) => column.notNull())
      .addColumn('cancel_requested_at', integer)
      .addColumn('actor', 'text', (column) => column.notNull())
      .addColumn('created_at', integer, (column) => column.notNull())
      .addColumn('started_at', integer)
      .addColumn('ended_at', integer)
      .addUniqueConstraint('batch_predictions_request', ['request_key'])
      .execute();
    await db.schema
      .createIndex('batch_predictions_newest')
      .on('batch_predictions')
      .columns(['created_at', 'id'])
      .execute();
    await db.schema
      .createIndex('batch_predictions_by_deployment')
      .on('batch_predictions')
      .columns(['deployment', 'created_at', 'id'])
      .execute();
  },
};
