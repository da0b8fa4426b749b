import type { Datasets } from '#data/datasets';
import type { Events } from '#events';
import type { Experiments } from '#model/experiments';
import type { Gates } from '#model/gates';
import type { Pipelines } from '#model/pipelines';
import type { ModelRegistry } from '#model/registry';
import type { Deployments } from '#operations/deployments';
import type { Predictions } from '#operations/predictions';
import type { Retraining } from '#operations/retraining';
import type { BlobStore } from '#ports/blob-store';
import type { ModelRuntime } from '#ports/model-runtime';

/** Where the links of a chain are looked up. */
export interface LineageDeps {
  readonly events: Pick<Events, 'get' | 'list'>;
  readonly blobs: Pick<BlobStore, 'localFile'>;
  /** The kind of host that answered. */
  readonly runtime: ModelRuntime;
  readonly datasets: Pick<Datasets, 'get' | 'derivedFrom'>;
  readonly experiments: Pick<Experiments, 'getRun'>;
  readonly pipelines: Pick<Pipelines, 'get' | 'madeIn' | 'given'>;
  readonly registry: Pick<ModelRegistry, 'getVersion' | 'aliasHistory'>;
  readonly gates: Pick<Gates, 'find'>;
  readonly deployments: Pick<Deployments, 'revision' | 'rollouts' | 'judgements' | 'modelPackage'>;
  readonly predictions: Pick<Predictions, 'find' | 'batchOf' | 'inputsOf'>;
  readonly retraining: Pick<Retraining, 'get'>;
}
