import type { Migration } from './migration.ts';

export const data: Migration = {
  name: '0003-data',
  async up(db, { integer }) {
    await db.schema
      .createTable('data_files')
      .addColumn('digest', 'text', (column) => column.notNull())
      .addColumn('format', 'text', (column) => column.notNull())
      .addColumn('size_bytes', integer, (column) => column.notNull())
      .addColumn('rows', integer, (column) => column.notNull())
      .addColumn('columns', 'text', (column) => column.notNull())
      .addPrimaryKeyConstraint('data_files_pk', ['digest', 'format'])
      .execute();

    await db.schema
      .createTable('dataset_versions')
      .addColumn('id', 'text', (column) => column.primaryKey().notNull())
      .addColumn('project', 'text', (column) => column.notNull())
      .addColumn('dataset', 'text', (column) => column.notNull())
      .addColumn('number', integer, (column) => column.notNull())
      .addColumn('digest', 'text', (column) => column.notNull())
      .addColumn('status', 'text', (column) => column.notNull())
      .addColumn('origin', 'text', (column) => column.notNull())
      .addColumn('rows', integer, (column) => column.notNull())
      .addColumn('size_bytes', integer, (column) => column.notNull())
      .addColumn('file_count', integer, (column) => column.notNull())
      .addColumn('files', 'text', (column) => column.notNull())
      .addColumn('columns', 'text', (column) => column.notNull())
      .addColumn('event_time_column', 'text')
      .addColumn('event_time_min', integer)
      .addColumn('event_time_max', integer)
      .addColumn('parents', 'text', (column) => column.notNull())
      .addColumn('recipe_digest', 'text')
      .addColumn('profile', 'text')
      .addColumn('report', 'text')
      .addColumn('created_at', integer, (column) => column.notNull())
      .addColumn('checked_at', integer)
      .execute();
    await db.schema
      .createIndex('dataset_versions_number')
      .on('dataset_versions')
      .columns(['project', 'dataset', 'number'])
      .unique()
      .execute();
    await db.schema
      .createIndex('dataset_versions_recipe')
      .on('dataset_versions')
      .columns(['project', 'dataset', 'recipe_digest'])
      .unique()
      .execute();
    await db.schema
      .createIndex('dataset_versions_digest')
      .on('dataset_versions')
      .columns(['project', 'dataset', 'digest'])
      .execute();
  },
};
