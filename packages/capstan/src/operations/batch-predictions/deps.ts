import type { Logger } from 'pino';
import type { Datasets } from '#data/datasets';
import type { Database } from '#database';
import type { Projects } from '#design/projects';
import type { Events } from '#events';
import type { Jobs } from '#jobs';
import type { Slots } from '#model/pipelines';
import type { Deployments, ModelSource } from '#operations/deployments';
import type { Analytics } from '#ports/analytics';
import type { BlobStore } from '#ports/blob-store';
import type { Clock } from '#ports/clock';
import type { Executor } from '#ports/executor';
import type { Ids } from '#ports/ids';

export interface BatchModels extends Pick<ModelSource, 'served' | 'inputs'> {
  /** The version that an alias names, or the newest. @throws DomainError NOT_FOUND */
  versionOf(model: string, alias: string | undefined): Promise<number>;
}

export interface BatchPredictionsDeps {
  readonly database: Database;
  readonly events: Events;
  readonly jobs: Jobs;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly log: Pick<Logger, 'warn'>;
  readonly blobs: BlobStore;
  readonly analytics: Pick<Analytics, 'columnsOfAnswer'>;
  readonly projects: Pick<Projects, 'get'>;
  readonly datasets: Pick<Datasets, 'get' | 'files' | 'registerFiles'>;
  readonly deployments: Pick<Deployments, 'route' | 'modelPackage'>;
  readonly models: BatchModels;
  /** Runs the work: a process of this machine, which sees its files. */
  readonly executor: Executor;
  /** Cores that the work takes, together with the stages of pipelines. */
  readonly slots: Slots;
  /** Words of the command that does the work of the folder that stands behind them. */
  readonly workerCommand: readonly string[];
  readonly workerEnvironment: Readonly<Record<string, string>>;
  /** How long results that became no dataset version are kept; null: for ever. */
  readonly resultRetentionMs: number | null;
  readonly folders: { readonly work: string; readonly logs: string };
}
