import type { ServedFlavor } from '@capstan/api';
import type { Logger } from 'pino';
import type { Datasets } from '#data/datasets';
import type { Database } from '#database';
import type { Projects } from '#design/projects';
import type { Events } from '#events';
import type { Jobs } from '#jobs';
import type { Executors, Slots } from '#model/pipelines';
import type { Deployments, ModelSource } from '#operations/deployments';
import type { Analytics } from '#ports/analytics';
import type { BlobStore } from '#ports/blob-store';
import type { Clock } from '#ports/clock';
import type { Ids } from '#ports/ids';

export interface BatchModels extends Pick<ModelSource, 'served' | 'inputs'> {
  /** The version that an alias names, or the newest. @throws DomainError NOT_FOUND */
  versionOf(model: string, alias: string | undefined): Promise<number>;
}

/** Command lines of the process that does the work of a job's folder. */
export interface WorkerCommands {
  /** On this machine. */
  here(folder: string): string;
  /**
   * On one that sees nothing of this one but the folder, which is its working directory: puts the program there.
   * @throws DomainError CONFLICT where the program is not built
   */
  elsewhere(folder: string): Promise<string>;
  /** What it keeps busy. */
  cpus(flavor: ServedFlavor): number;
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
  /** Where the work may run; as for the stages of pipelines. */
  readonly executors: Executors;
  /** Cores of this machine that the work takes, together with the stages of pipelines. */
  readonly localSlots: Slots;
  readonly worker: WorkerCommands;
  readonly workerEnvironment: Readonly<Record<string, string>>;
  /** How long results that became no dataset version are kept; null: for ever. */
  readonly resultRetentionMs: number | null;
  readonly folders: { readonly work: string; readonly logs: string };
}
