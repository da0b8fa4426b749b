import type { Database } from '#database';
import type { Jobs, Schedule } from '#jobs';
import { dropLogFiles } from './log.store.ts';

const DAILY = '37 1 * * *';

/**
 * Forgets what was answered before a time: files of the log all of whose rows are older, and rows of deployments that no
 * project declares. What projects have measured of their answers stays. Returns how many files went.
 */
export async function expireLog({ database }: { readonly database: Database }, before: number): Promise<number> {
  return await database.write((writer) => dropLogFiles(writer, before));
}

/** None while the log is kept for ever. */
export function expirySchedules(jobs: Jobs, retentionMs: number | null): Schedule[] {
  if (retentionMs === null) return [];
  return [
    {
      name: 'predictions.expire',
      pattern: DAILY,
      timeZone: 'UTC',
      since: 0,
      async enqueue(writer, dueAt) {
        const job = await jobs.enqueue(writer, 'predictions.expire', { before: dueAt - retentionMs });
        if (job === null) throw new Error('a job without a unique key is always taken');
        return job;
      },
    },
  ];
}
