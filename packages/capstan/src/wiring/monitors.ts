import type { BoundRoute } from '#http';
import type { JobHandlers, Schedule } from '#jobs';
import {
  createMonitors,
  monitorJobs,
  monitorRoutes,
  monitorSchedules,
  type Monitors,
  type MonitorsDeps,
} from '#operations/monitors';
import type { Foundation } from './foundation.ts';

type MonitorsNeeds = Pick<MonitorsDeps, 'projects' | 'gates' | 'deployments' | 'predictions'>;

export interface WiredMonitors {
  readonly services: { readonly monitors: Monitors };
  readonly bound: BoundRoute[];
  readonly handlers: Pick<JobHandlers, 'monitors.watch'>;
  schedules(): Promise<Schedule[]>;
}

/** Watches over what is served. */
export function wireMonitors(foundation: Foundation, needs: MonitorsNeeds): WiredMonitors {
  const deps = { ...foundation, ...needs };
  const monitors = createMonitors(deps);
  return {
    services: { monitors },
    bound: monitorRoutes(monitors),
    handlers: monitorJobs(monitors),
    schedules: () => monitorSchedules(deps),
  };
}
