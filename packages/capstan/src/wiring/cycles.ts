import type { Datasets } from '#data/datasets';
import type { Projects } from '#design/projects';
import type { BoundRoute } from '#http';
import type { JobHandlers, Schedule } from '#jobs';
import type { Gates } from '#model/gates';
import type { Pipelines } from '#model/pipelines';
import type { ModelRegistry } from '#model/registry';
import type { Deployments } from '#operations/deployments';
import type { Predictions } from '#operations/predictions';
import {
  createRetraining,
  retrainingJobs,
  retrainingRoutes,
  retrainingSchedules,
  type Retraining,
} from '#operations/retraining';
import type { Foundation } from './foundation.ts';

interface CyclesNeeds {
  readonly projects: Projects;
  readonly datasets: Datasets;
  readonly pipelines: Pipelines;
  readonly registry: ModelRegistry;
  readonly gates: Gates;
  readonly deployments: Deployments;
  readonly predictions: Predictions;
}

export interface WiredCycles {
  readonly services: { readonly retraining: Retraining };
  readonly bound: BoundRoute[];
  readonly handlers: Pick<JobHandlers, 'cycles.consider' | 'cycles.tick' | 'cycles.advance' | 'cycles.follow'>;
  /** The clocks that projects declare. */
  schedules(): Promise<Schedule[]>;
}

/** Turns of the cycle over everything that does their work. */
export function wireCycles(foundation: Foundation, needs: CyclesNeeds): WiredCycles {
  const deps = { ...foundation, ...needs };
  const retraining = createRetraining(deps);
  return {
    services: { retraining },
    bound: retrainingRoutes(retraining),
    handlers: retrainingJobs(retraining),
    schedules: () => retrainingSchedules(deps),
  };
}
