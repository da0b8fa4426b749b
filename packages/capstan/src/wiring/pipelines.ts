import { join } from 'node:path';
import type { Logger } from 'pino';
import type { Datasets } from '#data/datasets';
import type { Database } from '#database';
import type { Projects } from '#design/projects';
import type { Events } from '#events';
import type { BoundRoute } from '#http';
import type { JobHandlers, Jobs } from '#jobs';
import type { Experiments } from '#model/experiments';
import {
  createPipelines,
  createSlots,
  executorNamed,
  LOCAL_EXECUTOR,
  createReportedRuns,
  pipelineJobs,
  pipelineRoutes,
  trackRuns,
  type DatasetSource,
  type Executors,
  type PipelineFormat,
  type Pipelines,
  type Slots,
} from '#model/pipelines';
import { createEnvironments } from '#ports/python-environments';
import type { BlobStore } from '#ports/blob-store';
import type { Clock } from '#ports/clock';
import type { Ids } from '#ports/ids';
import { createDvcFormat } from '#protocols/dvc';
import { capacityOf } from './executors.ts';
import type { Config } from '../config.ts';

interface PipelinesFoundation {
  readonly database: Database;
  readonly events: Events;
  readonly jobs: Jobs;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly log: Logger;
  readonly blobs: BlobStore;
  readonly executors: Executors;
  readonly config: Pick<
    Config,
    'data' | 'stageSlots' | 'environments' | 'python' | 'commandEnvironment' | 'installerEnvironment'
  >;
  /** Address of this server; asked when a stage starts, by which time it listens. */
  serverUrl(): string;
}

interface PipelinesNeeds {
  readonly projects: Projects;
  readonly datasets: Datasets;
  readonly experiments: Experiments;
  /** `MODEL/VERSION` of the versions that experiment runs made; from the registry. */
  modelVersionsOf(runIds: readonly string[]): Promise<readonly string[]>;
}

export interface WiredPipelines {
  readonly services: { readonly pipelines: Pipelines };
  /** Of this machine, for other work that takes cores. */
  readonly slots: Slots;
  readonly bound: BoundRoute[];
  readonly handlers: Pick<JobHandlers, 'pipelines.run' | 'pipelines.track' | 'pipelines.link'>;
}

/** Pipelines on DVC's files, in Python environments, tracked as experiment runs. */
export function wirePipelines(foundation: PipelinesFoundation, needs: PipelinesNeeds): WiredPipelines {
  const { config, executors, ids, blobs } = foundation;
  const environments = createEnvironments({
    // What an environment holds is for this machine.
    executor: executorNamed(executors, LOCAL_EXECUTOR),
    ids,
    folder: config.environments,
    python: config.python,
    log: foundation.log,
    commandEnvironment: config.commandEnvironment,
    installerEnvironment: config.installerEnvironment,
  });
  const tracker = trackRuns({ experiments: needs.experiments, blobs });
  const format = createDvcFormat();
  const slots = createSlots(capacityOf(config.stageSlots));
  const datasets = datasetSource(needs.datasets, format);
  const modelVersionsOf = (runIds: readonly string[]) => needs.modelVersionsOf(runIds);
  const reportedRuns = createReportedRuns({ ...foundation, tracker, datasets, modelVersionsOf });
  const pipelines = createPipelines({
    ...foundation,
    localSlots: slots,
    format,
    environments,
    projects: needs.projects,
    datasets,
    tracker,
    modelVersionsOf,
    folders: { workspaces: join(config.data, 'workspaces'), logs: join(config.data, 'logs'), data: config.data },
    commandEnvironment: config.commandEnvironment,
    trackingUrl: () => foundation.serverUrl(),
  });
  return {
    services: { pipelines },
    slots,
    bound: pipelineRoutes(pipelines, reportedRuns),
    handlers: pipelineJobs(pipelines, reportedRuns),
  };
}

function datasetSource(datasets: Datasets, { folderHash }: Pick<PipelineFormat, 'folderHash'>): DatasetSource {
  return {
    recognise: (project, contents) => datasets.recognise(project, contents, folderHash),
    get: (versionId) => datasets.get(versionId),
    latest: (project, dataset, status) => datasets.latest(project, dataset, status),
    cutBefore: ({ id, project, dataset }, eventTimeBefore, cause) =>
      datasets.derive({ project, dataset, from: id, where: { eventTimeBefore }, cause }),
    async materialise(versionId, folder) {
      await datasets.materialise(versionId, folder);
    },
  };
}
