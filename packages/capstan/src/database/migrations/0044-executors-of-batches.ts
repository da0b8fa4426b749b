import type { Migration } from './migration.ts';

/** Where batch predictions run. */
export const executorsOfBatches: Migration = {
  name: '0044-executors-of-batches',
  async up(db) {
    await db.schema
      .alterTable('batch_predictions')
      .addColumn('executor', 'text', (column) => column.notNull().defaultTo('local'))
      .execute();
    await db.schema.alterTable('batch_predictions').addColumn('machine', 'text').execute();
    await db.schema.alterTable('batch_predictions').addColumn('attempt', 'text').execute();
  },
};
