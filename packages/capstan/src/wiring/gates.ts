import type { Datasets } from '#data/datasets';
import type { Projects } from '#design/projects';
import type { BoundRoute } from '#http';
import { createGates, gateRoutes, type Gates } from '#model/gates';
import type { Pipelines } from '#model/pipelines';
import type { ModelRegistry } from '#model/registry';
import type { ModelRuntime } from '#ports/model-runtime';
import type { Foundation } from './foundation.ts';

interface GatesNeeds {
  readonly projects: Projects;
  readonly datasets: Datasets;
  readonly registry: ModelRegistry;
  readonly pipelines: Pipelines;
  /** Where contenders are scored and timed: the kind of host that serves them. */
  readonly runtime: ModelRuntime;
}

export interface WiredGates {
  readonly services: { readonly gates: Gates };
  readonly bound: BoundRoute[];
}

/** Gates, with lineage from the pipelines. */
export function wireGates(foundation: Foundation, needs: GatesNeeds): WiredGates {
  const gates = createGates({ ...foundation, ...needs, lineage: needs.pipelines });
  return { services: { gates }, bound: gateRoutes(gates) };
}
