import type { Logger } from 'pino';
import type { Datasets } from '#data/datasets';
import type { Database } from '#database';
import type { Projects } from '#design/projects';
import type { Events } from '#events';
import type { Jobs } from '#jobs';
import type { Gates } from '#model/gates';
import type { Pipelines } from '#model/pipelines';
import type { ModelRegistry } from '#model/registry';
import type { Deployments } from '#operations/deployments';
import type { Predictions } from '#operations/predictions';
import type { Clock } from '#ports/clock';
import type { Ids } from '#ports/ids';

/** What a turn of the cycle is made of. */
export interface RetrainingDeps {
  readonly database: Database;
  readonly events: Events;
  readonly jobs: Jobs;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly log: Logger;
  readonly projects: Pick<Projects, 'get' | 'list'>;
  readonly datasets: Pick<Datasets, 'get' | 'latest' | 'derive'>;
  readonly pipelines: Pick<Pipelines, 'start' | 'get' | 'inputsFor'>;
  readonly registry: Pick<ModelRegistry, 'getModel' | 'versionsOfRun' | 'promote'>;
  readonly gates: Pick<Gates, 'evaluate' | 'get' | 'countLabels'>;
  readonly deployments: Pick<Deployments, 'list' | 'start' | 'rollout' | 'judgements'>;
  readonly predictions: Pick<Predictions, 'performance' | 'exportLabelled'>;
}
