import type { Schedule } from './scheduler.ts';
import type { Jobs } from './service.ts';

/** Kinds that forget what is older than a time. */
type ExpiryKind = 'consumers.expire' | 'predictions.expire' | 'batch-predictions.expire';

/** When they do, in UTC: each in a minute of its own. */
const DAILY: Readonly<Record<ExpiryKind, string>> = {
  'predictions.expire': '37 1 * * *',
  'batch-predictions.expire': '42 1 * * *',
  'consumers.expire': '47 1 * * *',
};

/** A job each day that forgets what is older than `keptMs`; none where all is kept for ever. */
export function expirySchedules(jobs: Jobs, kind: ExpiryKind, keptMs: number | null): Schedule[] {
  if (keptMs === null) return [];
  return [
    {
      name: kind,
      pattern: DAILY[kind],
      timeZone: 'UTC',
      since: 0,
      async enqueue(writer, dueAt) {
        const job = await jobs.enqueue(writer, kind, { before: dueAt - keptMs });
        if (job === null) throw new Error('a job without a unique key is always taken');
        return job;
      },
    },
  ];
}
