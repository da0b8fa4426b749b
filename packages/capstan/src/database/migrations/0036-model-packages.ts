import type { Migration } from './migration.ts';

/** Revisions of any flavor: what is served is all files of a model version, not one ONNX file alone. */
export const modelPackages: Migration = {
  name: '0036-model-packages',
  async up(db, { integer }) {
    await db.schema
      .alterTable('revisions')
      .addColumn('flavor', 'text', (column) => column.notNull().defaultTo('onnx'))
      .execute();
    await db.schema.alterTable('revisions').addColumn('package_digest', 'text').execute();
    await db.schema
      .createTable('model_packages')
      .addColumn('package_digest', 'text', (column) => column.notNull())
      .addColumn('path', 'text', (column) => column.notNull())
      .addColumn('digest', 'text', (column) => column.notNull())
      .addColumn('size_bytes', integer, (column) => column.notNull())
      .addPrimaryKeyConstraint('model_packages_pk', ['package_digest', 'path'])
      .execute();
    await db.schema.createIndex('model_packages_digest').on('model_packages').columns(['digest']).execute();
  },
};
