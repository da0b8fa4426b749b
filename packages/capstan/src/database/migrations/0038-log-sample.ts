import type { Migration } from './migration.ts';

/** Share of the requests whose inputs and outputs are logged. */
export const logSample: Migration = {
  name: '0038-log-sample',
  async up(db, { double }) {
    await db.schema
      .alterTable('deployments')
      .addColumn('log_sample', double, (column) => column.notNull().defaultTo(1))
      .execute();
  },
};
