import type { Migration } from './migration.ts';

/** How the model of a revision runs in a data plane. */
export const servingSettings: Migration = {
  name: '0041-serving-settings',
  async up(db) {
    await db.schema
      .alterTable('revisions')
      .addColumn('serving', 'text', (column) => column.notNull().defaultTo('{}'))
      .execute();
  },
};
