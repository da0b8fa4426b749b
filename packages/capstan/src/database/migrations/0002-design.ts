import type { Migration } from './migration.ts';

export const design: Migration = {
  name: '0002-design',
  async up(db, { integer }) {
    await db.schema
      .createTable('projects')
      .addColumn('name', 'text', (column) => column.primaryKey().notNull())
      .addColumn('folder', 'text', (column) => column.notNull())
      .addColumn('revision', integer, (column) => column.notNull())
      .addColumn('created_at', integer, (column) => column.notNull())
      .execute();

    await db.schema
      .createTable('project_revisions')
      .addColumn('project', 'text', (column) => column.notNull())
      .addColumn('revision', integer, (column) => column.notNull())
      .addColumn('folder', 'text', (column) => column.notNull())
      .addColumn('written', 'text', (column) => column.notNull())
      .addColumn('digest', 'text', (column) => column.notNull())
      .addColumn('changes', 'text', (column) => column.notNull())
      .addColumn('actor', 'text', (column) => column.notNull())
      .addColumn('applied_at', integer, (column) => column.notNull())
      .addPrimaryKeyConstraint('project_revisions_pk', ['project', 'revision'])
      .execute();
  },
};
