import type { Database } from '#database';
import * as store from './store.ts';

/** Removes jobs that ended long ago, so that the queue stays small. */
export async function sweepJobs(database: Database, endedBefore: number): Promise<void> {
  await store.sweep(database, endedBefore);
}
