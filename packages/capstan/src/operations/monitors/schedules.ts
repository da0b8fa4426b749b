import type { Schedule } from '#jobs';
import type { MonitorsDeps } from './deps.ts';

/** How often it is looked whether a window has closed. */
const PATTERN = '*/15 * * * *';

/** A clock for each project that watches something. */
export async function monitorSchedules({
  projects,
  jobs,
}: Pick<MonitorsDeps, 'projects' | 'jobs'>): Promise<Schedule[]> {
  return (await projects.list()).flatMap(({ name: project, declaration, appliedAt }) => {
    if (declaration.monitors.length === 0 || !declaration.deployment) return [];
    return [
      {
        name: `monitors:${project}`,
        pattern: PATTERN,
        timeZone: 'UTC',
        since: appliedAt,
        async enqueue(writer) {
          const job = await jobs.enqueue(writer, 'monitors.watch', { project });
          if (job === null) throw new Error('a job without a unique key is always taken');
          return job;
        },
      } satisfies Schedule,
    ];
  });
}
