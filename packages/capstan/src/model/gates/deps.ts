import type { PipelineRun } from '@capstan/api';
import type { Datasets } from '#data/datasets';
import type { Database } from '#database';
import type { Projects } from '#design/projects';
import type { Events } from '#events';
import type { ModelRegistry } from '#model/registry';
import type { Analytics } from '#ports/analytics';
import type { BlobStore } from '#ports/blob-store';
import type { Clock } from '#ports/clock';
import type { Ids } from '#ports/ids';
import type { ModelRuntime } from '#ports/model-runtime';

/** How a model version came to be, as the platform knows it: never from what a training program says of itself. */
export interface TrainingLineage {
  /** The pipeline run in which an experiment run was made; undefined for runs that no pipeline made. */
  madeIn(experimentRunId: string): Promise<PipelineRun | undefined>;
}

/** What gates are made of. */
export interface GatesDeps {
  readonly database: Database;
  readonly events: Events;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly blobs: Pick<BlobStore, 'localFile'>;
  readonly analytics: Pick<Analytics, 'queryColumns' | 'columnsOfAnswer'>;
  readonly runtime: ModelRuntime;
  readonly projects: Pick<Projects, 'get' | 'readText'>;
  readonly datasets: Pick<Datasets, 'get' | 'files' | 'latest'>;
  readonly registry: Pick<ModelRegistry, 'getModel' | 'getVersion' | 'modelFiles'>;
  readonly lineage: TrainingLineage;
}
