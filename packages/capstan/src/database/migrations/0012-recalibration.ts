import type { Migration } from './migration.ts';

/** Recalibration: what moves the log odds of a revision's answers, and what each answer would have been without it. */
export const recalibration: Migration = {
  name: '0012-recalibration',
  async up(db, { integer, double }) {
    await db.schema
      .createTable('recalibrations')
      .addColumn('deployment', 'text', (column) => column.notNull())
      .addColumn('seq', integer, (column) => column.notNull())
      .addColumn('revision', integer, (column) => column.notNull())
      .addColumn('shift', double, (column) => column.notNull())
      .addColumn('fitted_at', integer, (column) => column.notNull())
      .addColumn('window_from', integer, (column) => column.notNull())
      .addColumn('window_before', integer, (column) => column.notNull())
      .addColumn('rows', integer, (column) => column.notNull())
      .addColumn('answered_loss', double, (column) => column.notNull())
      .addColumn('model_loss', double, (column) => column.notNull())
      .addPrimaryKeyConstraint('recalibrations_pk', ['deployment', 'seq'])
      .execute();
    await db.schema
      .alterTable('predictions')
      .addColumn('shift', double, (column) => column.notNull().defaultTo(0))
      .execute();
    for (const name of ['model_loss', 'model_value']) {
      await db.schema.alterTable('predictions').addColumn(name, double).execute();
    }
  },
};
