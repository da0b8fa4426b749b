import type { BoundRoute } from '#http';
import type { JobHandlers } from '#jobs';
import { createExperiments, experimentJobs, experimentRoutes, type Experiments } from '#model/experiments';
import { createEvaluations, evaluationRoutes, type Evaluations } from '#model/evaluations';
import { createImports, importRoutes } from '#model/imports';
import { createRegistry, registryRoutes, type ModelRegistry } from '#model/registry';
import { createTraces, traceRoutes, type Traces } from '#model/traces';
import type { Foundation } from './foundation.ts';

export interface WiredModel {
  readonly services: {
    readonly experiments: Experiments;
    readonly registry: ModelRegistry;
    readonly traces: Traces;
    readonly evaluations: Evaluations;
  };
  readonly bound: BoundRoute[];
  readonly handlers: Pick<JobHandlers, 'metrics.summarise'>;
}

/** Experiments, traces, evaluations, registered models, and what is brought into them from other trackers. */
export function wireModel(foundation: Foundation): WiredModel {
  const experiments = createExperiments(foundation);
  const registry = createRegistry({ ...foundation, experiments });
  const traces = createTraces({ ...foundation, experiments });
  const evaluations = createEvaluations({ ...foundation, experiments });
  const imports = createImports({ ...foundation, experiments });
  const silence = { clock: foundation.clock, lostAfterMs: foundation.config.runLostAfter * 1_000 };
  return {
    services: { experiments, registry, traces, evaluations },
    bound: [
      ...experimentRoutes(experiments, silence),
      ...traceRoutes(traces, experiments),
      ...evaluationRoutes(evaluations, experiments),
      ...registryRoutes(registry),
      ...importRoutes({ imports, experiments, registry, traces, evaluations }),
    ],
    handlers: experimentJobs(experiments),
  };
}
