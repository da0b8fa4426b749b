import type { JobHandlers } from '#jobs';
import type { Monitors } from './service.ts';

export function monitorJobs(monitors: Monitors): Pick<JobHandlers, 'monitors.watch'> {
  return { 'monitors.watch': ({ project }, { cause }) => monitors.watch(project, cause) };
}
