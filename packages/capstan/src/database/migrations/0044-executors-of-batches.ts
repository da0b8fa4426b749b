import type { Migration } from './migration.ts';

/** Where batch predictions run. */
export const executorsOfBatches: Migration = {
  name: '0044-executors-of-batches',
  async up(db) {
    await db.schema
      .alterTable('batch_predictions')
      .addColumn('executor', 'text', (column) => column.notNull().defaultTo('local'))
      .execute();
    for (const column of ['resources', 'machine', 'attempt'])
      await db.schema.alterTable('batch_predictions').addColumn(column, 'text').execute();
  },
};
