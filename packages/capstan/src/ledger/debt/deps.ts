import type { Database } from '#database';
import type { Projects } from '#design/projects';
import type { Events } from '#events';
import type { Jobs } from '#jobs';
import type { Gates } from '#model/gates';
import type { Pipelines } from '#model/pipelines';
import type { ModelRegistry } from '#model/registry';
import type { Consumers } from '#operations/consumers';
import type { Deployments } from '#operations/deployments';
import type { Monitors } from '#operations/monitors';
import type { Predictions } from '#operations/predictions';
import type { Clock } from '#ports/clock';

/** What debt is computed from. */
export interface DebtDeps {
  readonly database: Database;
  readonly events: Events;
  readonly jobs: Jobs;
  readonly clock: Clock;
  readonly projects: Pick<Projects, 'get' | 'list' | 'readText'>;
  readonly pipelines: Pick<Pipelines, 'get' | 'list'>;
  readonly registry: Pick<ModelRegistry, 'searchVersions' | 'modelFiles'>;
  readonly gates: Pick<Gates, 'featureBenefits' | 'list'>;
  readonly deployments: Pick<Deployments, 'list' | 'snapshot'>;
  readonly consumers: Pick<Consumers, 'callers' | 'policy' | 'countRequests'>;
  readonly predictions: Pick<Predictions, 'labelled' | 'performance'>;
  readonly monitors: Pick<Monitors, 'list' | 'get'>;
}
