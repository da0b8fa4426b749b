import type { Jobs, Schedule } from '#jobs';

const HOURLY = '23 * * * *';

/** The policies, and the collection of bytes without a holder. */
export function retentionSchedules(jobs: Jobs): Schedule[] {
  return [
    {
      name: 'trash.collect',
      pattern: HOURLY,
      timeZone: 'UTC',
      since: 0,
      async enqueue(writer, dueAt) {
        const job = await jobs.enqueue(writer, 'trash.collect', { dueAt });
        if (job === null) throw new Error('a job without a unique key is always taken');
        return job;
      },
    },
  ];
}
