import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Projects } from '#design/projects';
import type { BoundRoute } from '#http';
import type { JobHandlers } from '#jobs';
import type { Experiments } from '#model/experiments';
import { executorNamed, LOCAL_EXECUTOR, type Pipelines } from '#model/pipelines';
import { createEnvironments } from '#ports/python-environments';
import { createOptuna, createSweeps, sweepJobs, sweepRoutes, type Sweeps } from '#model/sweeps';
import type { Foundation } from './foundation.ts';

interface SweepsNeeds {
  readonly projects: Projects;
  readonly experiments: Experiments;
  readonly pipelines: Pipelines;
}

export interface WiredSweeps {
  readonly services: { readonly sweeps: Sweeps };
  readonly bound: BoundRoute[];
  readonly handlers: Pick<JobHandlers, 'sweeps.advance' | 'sweeps.follow'>;
}

/** Searches over parameters; what proposes their points lives in an environment like those of pipelines. */
export function wireSweeps(foundation: Foundation, needs: SweepsNeeds): WiredSweeps {
  const { config } = foundation;
  const folder = join(config.data, 'sweeps');
  mkdirSync(folder, { recursive: true });
  const executor = executorNamed(foundation.executors, LOCAL_EXECUTOR);
  const environments = createEnvironments({ ...foundation, ...config, executor, folder: config.environments });
  const optuna = createOptuna({
    ...foundation,
    executor,
    environments,
    folder,
    commandEnvironment: config.commandEnvironment,
  });
  const sweeps = createSweeps({ ...foundation, ...needs, optuna });
  return { services: { sweeps }, bound: sweepRoutes(sweeps), handlers: sweepJobs(sweeps) };
}
