import type { Events } from '#events';
import type { JobHandlers } from '#jobs';
import type { Consumers } from './service.ts';

export function consumerJobs(
  consumers: Consumers,
  events: Pick<Events, 'get'>,
): Pick<JobHandlers, 'consumers.apply' | 'consumers.expire'> {
  return {
    async 'consumers.apply'({ eventSeq }, { cause }) {
      const { project } = await events.get(eventSeq);
      if (project !== undefined) await consumers.applyProject(project, cause);
    },
    'consumers.expire': ({ before }) => consumers.expire(before),
  };
}
