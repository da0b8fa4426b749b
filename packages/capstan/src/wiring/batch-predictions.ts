import { join } from 'node:path';
import type { Datasets } from '#data/datasets';
import type { Projects } from '#design/projects';
import type { BoundRoute } from '#http';
import { expirySchedules, type Schedule } from '#jobs';
import { DomainError, notFound } from '#kernel/errors';
import type { Slots } from '#model/pipelines';
import type { ModelRegistry } from '#model/registry';
import {
  batchPredictionJobs,
  batchPredictionRoutes,
  createBatchPredictions,
  type BatchPredictions,
} from '#operations/batch-predictions';
import type { Deployments, ModelSource } from '#operations/deployments';
import { batchWorkerCommands } from './batch-worker-commands.ts';
import type { Foundation } from './foundation.ts';

interface BatchNeeds {
  readonly projects: Projects;
  readonly datasets: Datasets;
  readonly registry: ModelRegistry;
  readonly deployments: Deployments;
  readonly models: ModelSource;
  readonly localSlots: Slots;
}

export interface WiredBatchPredictions {
  readonly services: { readonly batches: BatchPredictions };
  readonly bound: BoundRoute[];
  readonly handlers: ReturnType<typeof batchPredictionJobs>;
  /** When results are let go. */
  schedules(): Promise<Schedule[]>;
}

/** Batch predictions, by a process of this program for each, where an executor runs it. */
export function wireBatchPredictions(foundation: Foundation, needs: BatchNeeds): WiredBatchPredictions {
  const { config } = foundation;
  const batches = createBatchPredictions({
    ...foundation,
    ...needs,
    models: { ...needs.models, versionOf: (model, alias) => versionOf(needs.registry, model, alias) },
    worker: batchWorkerCommands(config),
    workerEnvironment: config.installerEnvironment,
    resultRetentionMs: config.batchResultRetention,
    folders: { work: join(config.data, 'batch-predictions'), logs: join(config.data, 'logs') },
  });
  return {
    services: { batches },
    bound: batchPredictionRoutes(batches),
    handlers: batchPredictionJobs(batches),
    schedules: async () => expirySchedules(foundation.jobs, 'batch-predictions.expire', config.batchResultRetention),
  };
}

async function versionOf(registry: ModelRegistry, model: string, alias: string | undefined): Promise<number> {
  if (alias !== undefined) {
    const { aliases } = await registry.getModel(model);
    const found = aliases.find((known) => known.alias === alias);
    if (found) return found.version;
    throw new DomainError('NOT_FOUND', `The model ${model} has no alias '${alias}'`, {
      field: 'body.alias',
      hint: `It has: ${aliases.map((known) => known.alias).join(', ') || 'none'}.`,
    });
  }
  const { latestVersions } = await registry.getModel(model);
  const newest = Math.max(0, ...latestVersions.map(({ version }) => version));
  if (newest > 0) return newest;
  throw notFound('version of the model', model, 'Register one with mlflow.');
}
