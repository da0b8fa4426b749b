import { datasetBlobs } from '#data/datasets';
import { featureBlobs } from '#data/features';
import type { Database, Reader } from '#database';
import type { BoundRoute } from '#http';
import type { JobHandlers, Schedule } from '#jobs';
import { createRetention, retentionJobs, retentionRoutes, retentionSchedules, type Retention } from '#ledger/retention';
import type { Evaluations } from '#model/evaluations';
import { artifactBlobs, type Experiments } from '#model/experiments';
import { pipelineBlobs } from '#model/pipelines';
import { versionReferences } from '#model/registry';
import type { Traces } from '#model/traces';
import { batchPredictionBlobs } from '#operations/batch-predictions';
import { deploymentBlobs } from '#operations/deployments';
import { predictionBlobs } from '#operations/predictions';
import type { BlobHolder } from '#ports/blob-holder';
import type { Foundation } from './foundation.ts';

export interface WiredRetention {
  readonly services: { readonly retention: Retention };
  readonly bound: BoundRoute[];
  readonly handlers: Pick<JobHandlers, 'trash.collect' | 'trash.resume'>;
  schedules(): Promise<Schedule[]>;
}

/** Everybody who refers to blobs. wiring/retention.test.ts holds it against the schema: who is missing here loses bytes. */
export function blobHolders(database: Database): BlobHolder[] {
  return [
    artifactBlobs,
    datasetBlobs,
    featureBlobs,
    pipelineBlobs,
    deploymentBlobs,
    predictionBlobs,
    batchPredictionBlobs,
  ].map((holder) => holder(database));
}

/** The trash and the collection of blobs, over everybody who holds something. */
export function wireRetention(
  foundation: Foundation,
  needs: { readonly experiments: Experiments; readonly traces: Traces; readonly evaluations: Evaluations },
): WiredRetention {
  const { config, jobs } = foundation;
  const retention = createRetention({
    ...foundation,
    ...needs,
    references: versionsNeeding,
    emptyExperiment: async (writer, id) =>
      (await needs.traces.purgeTraces(writer, id)) + (await needs.evaluations.purgeEvaluations(writer, id)),
    holders: blobHolders(foundation.database),
    policy: { retentionMs: config.trashRetention, graceMs: config.blobGrace },
  });
  return {
    services: { retention },
    bound: retentionRoutes(retention),
    handlers: retentionJobs(retention),
    schedules: async () => retentionSchedules(jobs),
  };
}

/** A model version needs the run it comes from, its logged model, and the folder of its files. */
async function versionsNeeding(reader: Reader) {
  const versions = await versionReferences(reader);
  return versions.map(({ model, version, ...needs }) => ({ ...needs, by: `model version ${model}/${version}` }));
}
