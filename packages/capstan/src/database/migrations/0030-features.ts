import type { Migration } from './migration.ts';

/** Feature views: what of them is served, what was found, and training sets made with them. */
export const features: Migration = {
  name: '0030-features',
  async up(db, { integer }) {
    await db.schema
      .createTable('feature_materializations')
      .addColumn('project', 'text', (column) => column.notNull())
      .addColumn('view', 'text', (column) => column.notNull())
      .addColumn('number', integer, (column) => column.notNull())
      .addColumn('status', 'text', (column) => column.notNull())
      .addColumn('reason', 'text')
      .addColumn('definition_digest', 'text', (column) => column.notNull())
      .addColumn('versions', 'text', (column) => column.notNull())
      .addColumn('entity_columns', 'text', (column) => column.notNull())
      .addColumn('features', 'text', (column) => column.notNull())
      .addColumn('entities', integer, (column) => column.notNull())
      .addColumn('written', integer, (column) => column.notNull())
      .addColumn('removed', integer, (column) => column.notNull())
      .addColumn('newest', integer)
      .addColumn('started_at', integer, (column) => column.notNull())
      .addColumn('ended_at', integer, (column) => column.notNull())
      .addPrimaryKeyConstraint('feature_materializations_pk', ['project', 'view', 'number'])
      .execute();
    await db.schema
      .createTable('online_features')
      .addColumn('project', 'text', (column) => column.notNull())
      .addColumn('view', 'text', (column) => column.notNull())
      .addColumn('entity', 'text', (column) => column.notNull())
      .addColumn('event_time', integer, (column) => column.notNull())
      .addColumn('features', 'text', (column) => column.notNull())
      .addPrimaryKeyConstraint('online_features_pk', ['project', 'view', 'entity'])
      .execute();
    await db.schema
      .createTable('feature_checks')
      .addColumn('project', 'text', (column) => column.notNull())
      .addColumn('view', 'text', (column) => column.notNull())
      .addColumn('checked_at', integer, (column) => column.notNull())
      .addColumn('report', 'text', (column) => column.notNull())
      .addPrimaryKeyConstraint('feature_checks_pk', ['project', 'view'])
      .execute();
    await db.schema
      .createTable('training_sets')
      .addColumn('id', 'text', (column) => column.primaryKey())
      .addColumn('project', 'text', (column) => column.notNull())
      .addColumn('recipe_digest', 'text', (column) => column.notNull())
      .addColumn('rows_from', 'text', (column) => column.notNull())
      .addColumn('event_time', 'text', (column) => column.notNull())
      .addColumn('features', 'text', (column) => column.notNull())
      .addColumn('versions', 'text', (column) => column.notNull())
      .addColumn('columns', 'text', (column) => column.notNull())
      .addColumn('rows', integer, (column) => column.notNull())
      .addColumn('size_bytes', integer, (column) => column.notNull())
      .addColumn('digest', 'text', (column) => column.notNull())
      .addColumn('created_at', integer, (column) => column.notNull())
      .addUniqueConstraint('training_sets_of_recipe', ['project', 'recipe_digest'])
      .execute();
  },
};
