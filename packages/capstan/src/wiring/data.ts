import { join } from 'node:path';
import { createDatasets, datasetRoutes, type Datasets } from '#data/datasets';
import { createExpectations, expectationJobs, expectationRoutes } from '#data/expectations';
import { createProjects, projectRoutes, type Projects } from '#design/projects';
import type { BoundRoute } from '#http';
import type { JobHandlers } from '#jobs';
import type { Foundation } from './foundation.ts';

export interface WiredData {
  readonly services: { readonly projects: Projects; readonly datasets: Datasets };
  readonly bound: BoundRoute[];
  readonly handlers: Pick<JobHandlers, 'expectations.check' | 'expectations.test'>;
}

/** Projects, their datasets, and the check of each new version. */
export function wireData(foundation: Foundation): WiredData {
  const projects = createProjects(foundation);
  const datasets = createDatasets({ ...foundation, projects, temporaryFolder: join(foundation.config.data, 'tmp') });
  const expectations = createExpectations({ ...foundation, datasets, projects });
  return {
    services: { projects, datasets },
    bound: [...projectRoutes(projects), ...datasetRoutes(datasets), ...expectationRoutes(expectations)],
    handlers: expectationJobs({ expectations, events: foundation.events }),
  };
}
