import { sql } from 'kysely';
import type { Migration } from './migration.ts';

/** Links to traces that have not come yet: clients send traces in the background, and the link may be faster. */
export const earlyTraceLinks: Migration = {
  name: '0023-early-trace-links',
  async up(db, { integer, clustered }) {
    await db.schema
      .createTable('early_trace_links')
      .addColumn('trace_id', 'text', (column) => column.notNull())
      .addColumn('run_id', 'text', (column) => column.notNull())
      .addColumn('linked_at', integer, (column) => column.notNull())
      .addPrimaryKeyConstraint('early_trace_links_pk', ['trace_id', 'run_id'])
      .modifyEnd(sql.raw(clustered))
      .execute();
    await sql`create index early_trace_links_by_time on early_trace_links (linked_at)`.execute(db);
  },
};
