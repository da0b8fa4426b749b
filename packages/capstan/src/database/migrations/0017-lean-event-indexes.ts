import { sql } from 'kysely';
import type { Migration } from './migration.ts';

/** Most facts belong to no project, no cycle and no other fact: an index over nothing costs as much as one over something. */
export const leanEventIndexes: Migration = {
  name: '0017-lean-event-indexes',
  async up(db) {
    const columns = { project: 'project, seq', cycle: 'cycle, seq', causation: 'causation_seq' };
    for (const [name, over] of Object.entries(columns)) {
      const [column = ''] = over.split(',');
      await sql`drop index ${sql.raw(`events_${name}`)}`.execute(db);
      await sql`create index ${sql.raw(`events_${name}`)} on events (${sql.raw(over)})
        where ${sql.raw(column)} is not null`.execute(db);
    }
  },
};
