import type { BoundRoute } from '#http';
import { createExperiments, experimentRoutes, type Experiments } from '#model/experiments';
import { createRegistry, registryRoutes, type ModelRegistry } from '#model/registry';
import { createTraces, traceRoutes, type Traces } from '#model/traces';
import type { Foundation } from './foundation.ts';

export interface WiredModel {
  readonly services: {
    readonly experiments: Experiments;
    readonly registry: ModelRegistry;
    readonly traces: Traces;
  };
  readonly bound: BoundRoute[];
}

/** Experiments, traces and registered models. */
export function wireModel(foundation: Foundation): WiredModel {
  const experiments = createExperiments(foundation);
  const registry = createRegistry({ ...foundation, experiments });
  const traces = createTraces({ ...foundation, experiments });
  return {
    services: { experiments, registry, traces },
    bound: [...experimentRoutes(experiments), ...traceRoutes(traces, experiments), ...registryRoutes(registry)],
  };
}
