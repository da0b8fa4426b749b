import { sql } from 'kysely';
import type { Migration } from './migration.ts';

/** What imports from other trackers remember, so that the next one goes on where the last one ended. */
export const imports: Migration = {
  name: '0016-imports',
  async up(db, { integer, clustered }) {
    await db.schema
      .createTable('import_experiments')
      .addColumn('source', 'text', (column) => column.notNull())
      .addColumn('source_id', 'text', (column) => column.notNull())
      .addColumn('experiment_id', integer, (column) => column.notNull())
      .addPrimaryKeyConstraint('import_experiments_pk', ['source', 'source_id'])
      .execute();
    await db.schema
      .createTable('import_marks')
      .addColumn('source', 'text', (column) => column.notNull())
      .addColumn('kind', 'text', (column) => column.notNull())
      .addColumn('id', 'text', (column) => column.notNull())
      .addColumn('mark', 'text', (column) => column.notNull())
      .addPrimaryKeyConstraint('import_marks_pk', ['source', 'kind', 'id'])
      .modifyEnd(sql.raw(clustered))
      .execute();
  },
};
