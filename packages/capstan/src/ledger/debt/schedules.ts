import type { Schedule } from '#jobs';
import type { DebtDeps } from './deps.ts';

/** Weekly, when the night's turns have ended: debt changes slowly. */
const PATTERN = '30 5 * * MON';

/** A clock for each project. */
export async function debtSchedules({ projects, jobs }: Pick<DebtDeps, 'projects' | 'jobs'>): Promise<Schedule[]> {
  return (await projects.list()).map(({ name: project, appliedAt }): Schedule => ({
    name: `debt:${project}`,
    pattern: PATTERN,
    timeZone: 'UTC',
    since: appliedAt,
    async enqueue(writer) {
      const job = await jobs.enqueue(writer, 'debt.measure', { project });
      if (job === null) throw new Error('a job without a unique key is always taken');
      return job;
    },
  }));
}
