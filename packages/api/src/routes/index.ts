import { batchPredictions } from './batch-predictions.ts';
import { consumers } from './consumers.ts';
import { cycles } from './cycles.ts';
import { datasets } from './datasets.ts';
import { debt } from './debt.ts';
import { deployments } from './deployments.ts';
import { evaluations } from './evaluations.ts';
import { experiments } from './experiments.ts';
import { expectations } from './expectations.ts';
import { features } from './features.ts';
import { gates } from './gates.ts';
import { imports } from './imports.ts';
import { lineage } from './lineage.ts';
import { mlflow } from './mlflow/index.ts';
import { monitors } from './monitors.ts';
import { needs } from './needs.ts';
import { otel } from './otel.ts';
import { pipelines } from './pipelines.ts';
import { predictions } from './predictions.ts';
import { projects } from './projects.ts';
import { registry } from './registry.ts';
import { reportedRuns } from './reported-runs.ts';
import { serving } from './serving.ts';
import { sweeps } from './sweeps.ts';
import { system } from './system.ts';
import { traces } from './traces.ts';
import { trash } from './trash.ts';
import { value } from './value.ts';
import { webhooks } from './webhooks.ts';

/** Every route of the control plane. A server that lacks a handler for one of them does not compile. */
export const routes = {
  system,
  projects,
  datasets,
  expectations,
  features,
  experiments,
  mlflow,
  otel,
  traces,
  evaluations,
  pipelines,
  sweeps,
  reportedRuns,
  deployments,
  consumers,
  predictions,
  batchPredictions,
  registry,
  imports,
  gates,
  monitors,
  cycles,
  lineage,
  value,
  debt,
  needs,
  trash,
  serving,
  webhooks,
};
