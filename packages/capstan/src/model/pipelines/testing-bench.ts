// For tests only: pipelines on real parts, a project in a folder, and jobs worked on in this process. Knows no test
// runner, so that a process that is to be killed can hold one too.
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { pino } from 'pino';
import type { PipelineRun } from '@capstan/api';
import { createAnalyticsDuckdb } from '#adapters/analytics-duckdb';
import { createBlobFs } from '#adapters/blob-fs';
import { createExecutorLocal } from '#adapters/executor-local';
import { createDatasets, type Datasets } from '#data/datasets';
import type { Database } from '#database';
import { createProjects } from '#design/projects';
import { createEvents, type Events } from '#events';
import { createJobs, createRunner, type JobHandlers, type Runner } from '#jobs';
import { createExperiments, type Experiments } from '#model/experiments';
import type { BlobStore } from '#ports/blob-store';
import { randomIds } from '#ports/ids';
import { createEnvironments } from '#ports/python-environments';
import { createDvcFormat } from '#protocols/dvc';
import {
  createPipelines,
  createSlots,
  LOCAL_EXECUTOR,
  createReportedRuns,
  pipelineJobs,
  trackRuns,
  type DatasetSource,
  type Pipelines,
  type PipelinesDeps,
  type ReportedRuns,
} from './index.ts';
import type { StartRun } from './service.ts';

const cause = { actor: 'test' };

const CHARTER = `
charter:
  owner: tests
  decision: none
  value: {currency: USD, true_positive: 1, false_positive: -1, false_negative: -1, true_negative: 0}
`;

export interface Bench {
  readonly pipelines: Pipelines;
  readonly reportedRuns: ReportedRuns;
  readonly experiments: Experiments;
  readonly datasets: Datasets;
  readonly events: Events;
  readonly blobs: BlobStore;
  readonly database: Database;
  /** The project's folder. */
  readonly project: string;
  /** The server's data. */
  readonly data: string;
  readonly runner: Runner;
  /** Writes files of the project. */
  write(files: Readonly<Record<string, string>>): Promise<void>;
  /** Makes the project's declaration so: `datasets` and the like, as YAML. */
  apply(declaration?: string): Promise<void>;
  /** Registers the files a dataset declares and accepts them. Returns the version's id. */
  register(dataset: string): Promise<string>;
  start(request?: Partial<StartRun>): Promise<string>;
  /** Starts a run and waits for its end. */
  run(request?: Partial<StartRun>): Promise<PipelineRun>;
  ended(id: string): Promise<PipelineRun>;
  /** Waits until `look` gives something. */
  until<Value>(look: () => Promise<Value | undefined>): Promise<Value>;
  workspace(run: { readonly id: string }): string;
}

/** The parts over a folder that may have been used before: a server that starts again. */
export async function benchIn(
  folder: string,
  database: Database,
  changes: Partial<PipelinesDeps> = {},
): Promise<Bench> {
  const clock = { now: () => Date.now() };
  const ids = randomIds;
  const data = join(folder, 'data');
  const project = join(folder, 'project');
  const log = pino({ level: 'silent' });
  const jobs = createJobs({ database, clock, ids });
  const events = createEvents({ database, jobs, clock, ids });
  const blobs = await createBlobFs({ root: join(data, 'artifacts') });
  const executor = createExecutorLocal({ reapGraceMs: 200 });
  const experiments = createExperiments({ database, events, jobs, clock, ids, blobs });
  const projects = createProjects({ database, events, clock });
  const analytics = createAnalyticsDuckdb({ temporaryFolder: join(data, 'analytics') });
  const datasets = createDatasets({
    database,
    events,
    clock,
    ids,
    blobs,
    analytics,
    projects,
    temporaryFolder: join(data, 'tmp'),
  });
  const commandEnvironment = { PATH: process.env['PATH'] ?? '', HOME: folder, LANG: 'C.UTF-8' };
  const environments = createEnvironments({
    executor,
    ids,
    log,
    folder: join(data, 'environments'),
    python: 'python3',
    commandEnvironment,
    installerEnvironment: commandEnvironment,
  });
  const tracker = trackRuns({ experiments, blobs });
  const format = createDvcFormat();
  const versions: DatasetSource = {
    recognise: (name, contents) => datasets.recognise(name, contents, format.folderHash),
    get: datasets.get,
    latest: (name, dataset, status) => datasets.latest(name, dataset, status),
    cutBefore: (version, eventTimeBefore, because) =>
      datasets.derive({
        project: version.project,
        dataset: version.dataset,
        from: version.id,
        where: { eventTimeBefore },
        cause: because,
      }),
    materialise: async (versionId, target) => void (await datasets.materialise(versionId, target)),
  };
  const modelVersionsOf = async (): Promise<string[]> => [];
  const reportedRuns = createReportedRuns({
    database,
    events,
    jobs,
    clock,
    blobs,
    tracker,
    datasets: versions,
    modelVersionsOf,
    ...changes,
  });
  const pipelines = createPipelines({
    database,
    events,
    jobs,
    clock,
    ids,
    log,
    blobs,
    executors: new Map([[LOCAL_EXECUTOR, executor]]),
    localSlots: createSlots({ cpus: 2, gpus: 0, memoryBytes: 2 ** 34 }),
    projects,
    environments,
    format,
    datasets: versions,
    tracker,
    modelVersionsOf,
    folders: { workspaces: join(data, 'workspaces'), logs: join(data, 'logs'), data },
    commandEnvironment,
    trackingUrl: () => 'http://127.0.0.1:1',
    ...changes,
  });
  const handlers = {
    ...pipelineJobs(pipelines, reportedRuns),
    'expectations.check': async () => {},
  } as unknown as JobHandlers;
  const runner = createRunner({ database, clock, log, handlers, concurrency: 2 });

  async function until<Value>(look: () => Promise<Value | undefined>): Promise<Value> {
    for (;;) {
      const seen = await look();
      if (seen !== undefined) return seen;
      await sleep(20);
    }
  }
  async function ended(id: string): Promise<PipelineRun> {
    return await until(async () => {
      const run = await pipelines.get(id);
      return ['succeeded', 'failed', 'cancelled'].includes(run.status) ? run : undefined;
    });
  }
  async function start(request: Partial<StartRun> = {}): Promise<string> {
    return (await pipelines.start({ project: 'shop', inputs: [], params: {}, cause, ...request })).id;
  }
  return {
    pipelines,
    reportedRuns,
    experiments,
    datasets,
    events,
    blobs,
    database,
    project,
    data,
    runner,
    until,
    ended,
    start,
    async write(files) {
      for (const [name, text] of Object.entries(files)) {
        await mkdir(dirname(join(project, name)), { recursive: true });
        await writeFile(join(project, name), text);
      }
    },
    async apply(declaration = 'pipeline: dvc.yaml\n') {
      await projects.apply({ folder: project, text: `project: shop\n${CHARTER}${declaration}`, dryRun: false, cause });
    },
    async register(dataset) {
      const { id } = await datasets.registerFromFolder({ project: 'shop', dataset, replace: true, cause });
      const profiled = await datasets.scan(id);
      await datasets.settle(
        { versionId: id, status: 'accepted', profiled, report: { suite: null, results: [] } },
        cause,
      );
      return id;
    },
    run: async (request) => ended(await start(request)),
    workspace: ({ id }) => join(data, 'workspaces', id),
  };
}
