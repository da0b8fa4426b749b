import { sql } from 'kysely';
import type { Migration } from './migration.ts';

/** Sums of long series of metrics over stretches of steps, coarser level by level: charts read these, not every point. */
export const metricPyramids: Migration = {
  name: '0021-metric-pyramids',
  async up(db, { integer, double, clustered }) {
    await db.schema
      .createTable('metric_pyramids')
      .addColumn('run_key', integer, (column) => column.notNull())
      .addColumn('metric_id', integer, (column) => column.notNull())
      .addColumn('covered_to', integer, (column) => column.notNull())
      .addPrimaryKeyConstraint('metric_pyramids_pk', ['run_key', 'metric_id'])
      .execute();
    await db.schema
      .createTable('metric_blocks')
      .addColumn('run_key', integer, (column) => column.notNull())
      .addColumn('metric_id', integer, (column) => column.notNull())
      .addColumn('level', integer, (column) => column.notNull())
      .addColumn('last_step', integer, (column) => column.notNull())
      .addColumn('first_step', integer, (column) => column.notNull())
      .addColumn('points', integer, (column) => column.notNull())
      .addColumn('numbers', integer, (column) => column.notNull())
      .addColumn('min_value', double)
      .addColumn('max_value', double)
      .addColumn('scaled_sum', double)
      .addPrimaryKeyConstraint('metric_blocks_pk', ['run_key', 'metric_id', 'level', 'last_step'])
      .modifyEnd(sql.raw(clustered))
      .execute();
  },
};
