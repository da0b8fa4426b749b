import type { Migration } from './migration.ts';

/** What a full read of a data file found, by content: files shared by many versions are read once. */
export const fileScans: Migration = {
  name: '0010-file-scans',
  async up(db, { integer }) {
    await db.schema
      .createTable('data_file_scans')
      .addColumn('digest', 'text', (column) => column.notNull())
      .addColumn('format', 'text', (column) => column.notNull())
      .addColumn('time_column', 'text', (column) => column.notNull())
      .addColumn('time_min', integer)
      .addColumn('time_max', integer)
      .addColumn('untimed_rows', integer, (column) => column.notNull())
      .addPrimaryKeyConstraint('data_file_scans_pk', ['digest', 'format', 'time_column'])
      .execute();
  },
};
