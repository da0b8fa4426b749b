import { sql } from 'kysely';
import type { Migration } from './migration.ts';

/**
 * What was logged, by its name: a search of runs asks for one metric, param or tag of all runs of an experiment. Only where
 * tables are heaps: SQLite keeps rows in the order of their keys and finds those of a run fast enough, one by one.
 */
export const searchIndexes: Migration = {
  name: '0025-search-indexes',
  async up(db, { name }) {
    if (name === 'sqlite') return;
    await sql`create index latest_metrics_by_metric on latest_metrics (metric_id, run_key)`.execute(db);
    await sql`create index run_params_by_key on run_params (key, run_key)`.execute(db);
    await sql`create index run_tags_by_key on run_tags (key, run_key)`.execute(db);
  },
};
