import type { Jobs, Schedule } from '#jobs';
import { scheduleOf } from './model.ts';
import type { RetrainingDeps } from './deps.ts';

/** The clocks that projects declare under `retrain`, for the scheduler; in business time. */
export async function retrainingSchedules({
  projects,
  jobs,
}: Pick<RetrainingDeps, 'projects'> & { readonly jobs: Jobs }): Promise<Schedule[]> {
  return (await projects.list()).flatMap(({ name: project, declaration, appliedAt }) => {
    const pattern = scheduleOf(declaration);
    if (pattern === undefined || !declaration.retrain) return [];
    return [
      {
        name: `retrain:${project}`,
        pattern,
        timeZone: declaration.retrain.time_zone,
        since: appliedAt,
        async enqueue(writer, dueAt) {
          const job = await jobs.enqueue(writer, 'cycles.tick', { project, dueAt });
          if (job === null) throw new Error('a job without a unique key is always taken');
          return job;
        },
      } satisfies Schedule,
    ];
  });
}
