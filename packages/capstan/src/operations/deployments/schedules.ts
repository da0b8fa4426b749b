import type { Jobs, Schedule } from '#jobs';
import type { DeploymentSpecs } from './spec.ts';

/** The clocks by which declared deployments are recalibrated; in business time. */
export async function recalibrationSchedules({
  specs,
  jobs,
}: {
  readonly specs: DeploymentSpecs;
  readonly jobs: Jobs;
}): Promise<Schedule[]> {
  return (await specs.all()).flatMap(({ deployment, recalibration, declaredAt }) => {
    if (!recalibration) return [];
    return [
      {
        name: `recalibrate:${deployment}`,
        pattern: recalibration.schedule,
        timeZone: 'UTC',
        since: declaredAt,
        async enqueue(writer) {
          const job = await jobs.enqueue(writer, 'deployments.recalibrate', { deployment });
          if (job === null) throw new Error('a job without a unique key is always taken');
          return job;
        },
      } satisfies Schedule,
    ];
  });
}
