import type { Jobs, Schedule } from '#jobs';
import { KEPT_MS } from './model.ts';

const DAILY = '47 1 * * *';

/** Forgets old counts. */
export function callCountSchedules(jobs: Jobs): Schedule[] {
  return [
    {
      name: 'consumers.expire',
      pattern: DAILY,
      timeZone: 'UTC',
      since: 0,
      async enqueue(writer, dueAt) {
        const job = await jobs.enqueue(writer, 'consumers.expire', { before: dueAt - KEPT_MS });
        if (job === null) throw new Error('a job without a unique key is always taken');
        return job;
      },
    },
  ];
}
