import type { BoundRoute } from '#http';
import { createExperiments, experimentRoutes, type Experiments } from '#model/experiments';
import { createRegistry, registryRoutes, type ModelRegistry } from '#model/registry';
import type { Foundation } from './foundation.ts';

export interface WiredModel {
  readonly services: { readonly experiments: Experiments; readonly registry: ModelRegistry };
  readonly bound: BoundRoute[];
}

/** Experiments and registered models. */
export function wireModel(foundation: Foundation): WiredModel {
  const experiments = createExperiments(foundation);
  const registry = createRegistry({ ...foundation, experiments });
  const lostAfterMs = foundation.config.runLostAfter * 1_000;
  return {
    services: { experiments, registry },
    bound: [...experimentRoutes(experiments, { clock: foundation.clock, lostAfterMs }), ...registryRoutes(registry)],
  };
}
