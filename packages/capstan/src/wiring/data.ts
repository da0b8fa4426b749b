import { join } from 'node:path';
import { createDatasets, datasetRoutes, type Datasets } from '#data/datasets';
import { createExpectations, expectationJobs, expectationRoutes } from '#data/expectations';
import { createFeatures, featureJobs, featureRoutes } from '#data/features';
import { createProjects, projectRoutes, type Projects } from '#design/projects';
import type { BoundRoute } from '#http';
import type { JobHandlers } from '#jobs';
import type { Foundation } from './foundation.ts';

export interface WiredData {
  readonly services: { readonly projects: Projects; readonly datasets: Datasets };
  readonly bound: BoundRoute[];
  readonly handlers: Pick<JobHandlers, 'expectations.check' | 'expectations.test' | 'features.materialize'>;
}

/** Projects, their datasets, the check of each new version, and features made of them. */
export function wireData(foundation: Foundation): WiredData {
  const projects = createProjects(foundation);
  const temporaryFolder = join(foundation.config.data, 'tmp');
  const datasets = createDatasets({ ...foundation, projects, temporaryFolder });
  const expectations = createExpectations({ ...foundation, datasets, projects });
  const features = createFeatures({ ...foundation, datasets, projects, temporaryFolder });
  const { events } = foundation;
  return {
    services: { projects, datasets },
    bound: [
      ...projectRoutes(projects),
      ...datasetRoutes(datasets),
      ...expectationRoutes(expectations),
      ...featureRoutes(features),
    ],
    handlers: { ...expectationJobs({ expectations, events }), ...featureJobs({ features, events }) },
  };
}
