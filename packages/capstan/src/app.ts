// The composition root of the control plane: config → adapters → modules → routes and jobs. Read this first.
// The only place that builds adapters and decides who gets what; it holds no rules of its own.
import { statfs } from 'node:fs/promises';
import { existsSync, mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { routes, type AnyRoute } from '@capstan/api';
import type { Logger } from 'pino';
import { createAnalyticsDuckdb } from '#adapters/analytics-duckdb';
import { createBlobFs } from '#adapters/blob-fs';
import { createOutboundSockets } from '#adapters/outbound-sockets';
import { createRuntimeOnnx } from '#adapters/runtime-onnx';
import { openDatabase, type Database } from '#database';
import { createEvents } from '#events';
import { createHttpServer, identifyLocal, staticFiles, type HttpServer } from '#http';
import { createJobs, createRunner, createScheduler, sweepJobs, type JobHandlers, type Runner } from '#jobs';
import { DomainError } from '#kernel/errors';
import type { Experiments } from '#model/experiments';
import type { ModelRegistry } from '#model/registry';
import { randomIds } from '#ports/ids';
import { createMetrics, openClock, systemRoutes } from '#system';
import type { Config } from './config.ts';
import { version } from './version.ts';
import { wireBatchPredictions } from './wiring/batch-predictions.ts';
import { wireCycles } from './wiring/cycles.ts';
import { wireData } from './wiring/data.ts';
import { createExecutors } from './wiring/executors.ts';
import type { Foundation } from './wiring/foundation.ts';
import { wireGates } from './wiring/gates.ts';
import { wireLedger } from './wiring/ledger.ts';
import { modelsFrom } from './wiring/model-source.ts';
import { wireModel } from './wiring/model.ts';
import { wireMonitors } from './wiring/monitors.ts';
import { baselineFrom, feedbackInto, specsFrom, wireOperations } from './wiring/operations.ts';
import { wirePipelines } from './wiring/pipelines.ts';
import { wireProtocols } from './wiring/protocols.ts';
import { wireRetention } from './wiring/retention.ts';
import { wireSweeps } from './wiring/sweeps.ts';
import { wireWebhooks } from './wiring/webhooks.ts';

export interface App {
  /** Address of the control plane. */
  readonly url: string;
  /** Finishes what is in hand, at most this long, then ends. */
  stop(graceMs: number): Promise<void>;
}

const SCHEDULE_POLL_MS = 1_000;
const LEAST_FREE_BYTES = 32 * 1024 * 1024;

/** Builds and starts a control plane. @throws DomainError when the data is held by another process or a port is taken */
export async function startApp(config: Config, log: Logger): Promise<App> {
  mkdirSync(config.data, { recursive: true, mode: 0o700 });
  const database = await openDatabase({ url: config.database });
  try {
    return await startOn(database, config, log);
  } catch (error) {
    await database.close();
    throw error;
  }
}

async function startOn(database: Database, config: Config, log: Logger): Promise<App> {
  let url = '';
  const foundation = await lay(database, config, log, () => url);
  const { clock, jobs, events } = foundation;
  const metrics = createMetrics();

  const data = wireData(foundation);
  const model = wireModel(foundation);
  const pipelines = wirePipelines(foundation, {
    ...data.services,
    ...model.services,
    modelVersionsOf: (runIds) => versionsOf(model.services.registry, runIds),
  });

  const upToModel = { ...data.services, ...model.services, ...pipelines.services };
  const runtime = createRuntimeOnnx();
  const sweeps = wireSweeps(foundation, upToModel);
  const gates = wireGates(foundation, { ...upToModel, runtime });

  const models = modelsFrom(model.services.registry, (id) => gates.services.gates.find(id), {
    blobs: foundation.blobs,
    runtime,
  });
  const operations = wireOperations(foundation, {
    projects: data.services.projects,
    specs: specsFrom(data.services.projects),
    models,
    feedback: feedbackInto(data.services.datasets),
    knownBaseline: baselineFrom({ ...upToModel, ...gates.services }, log),
  });
  const upToOperations = { ...upToModel, ...gates.services, ...operations.services };
  const batches = wireBatchPredictions(foundation, { ...upToOperations, models, localSlots: pipelines.slots });
  const monitors = wireMonitors(foundation, upToOperations);
  const cycles = wireCycles(foundation, upToOperations);
  const webhooks = wireWebhooks(foundation, {
    registry: model.services.registry,
    outbound: createOutboundSockets({
      schemes: config.webhookSchemes,
      canReachPrivate: config.webhookPrivateTargets,
      allowedTargets: config.outboundTargets,
    }),
  });
  const ledger = wireLedger(foundation, {
    ...upToOperations,
    ...monitors.services,
    ...cycles.services,
    runtime,
  });

  const retention = wireRetention(foundation, model.services);

  const protocols = wireProtocols(foundation, { ...model.services, ...webhooks.services });

  const handlers: JobHandlers = {
    'jobs.sweep': ({ endedBefore }) => sweepJobs(database, endedBefore),
    ...data.handlers,
    ...model.handlers,
    ...pipelines.handlers,
    ...sweeps.handlers,
    ...operations.handlers,
    ...batches.handlers,
    ...monitors.handlers,
    ...cycles.handlers,
    ...webhooks.handlers,
    ...ledger.handlers,
    ...retention.handlers,
  };
  const runner = createRunner({ database, clock, log, handlers, concurrency: config.jobConcurrency });
  const scheduler = createScheduler({
    database,
    clock,
    log,
    // Answers are set right first, then it is watched what they are like: an alarm is a better reason for a turn than the day of the week.
    schedules: async () => [
      ...(await operations.schedules()),
      ...(await batches.schedules()),
      ...(await monitors.schedules()),
      ...(await cycles.schedules()),
      ...(await ledger.schedules()),
      ...(await retention.schedules()),
    ],
  });

  const table: AnyRoute[] = Object.values(routes).flatMap((module) => Object.values<AnyRoute>(module));
  const readiness = [
    { name: 'database', run: async () => void (await events.lastSeq()) },
    { name: 'disk', run: () => refuseFullDisk(config.data) },
  ];
  const fallback = staticFiles(interfaceFolder());
  const http = createHttpServer({
    table,
    bound: [
      ...systemRoutes({
        database,
        events,
        jobs,
        clock,
        metrics,
        readiness,
        table,
        version,
        async onAdvance() {
          await scheduler.tick();
          // Jobs that waited for this time are due without any commit of their own.
          runner.wake();
        },
      }),
      ...data.bound,
      ...model.bound,
      ...pipelines.bound,
      ...sweeps.bound,
      ...gates.bound,
      ...operations.bound,
      ...batches.bound,
      ...monitors.bound,
      ...cycles.bound,
      ...webhooks.bound,
      ...ledger.bound,
      ...retention.bound,
      ...protocols.bound,
    ],
    errorRenderers: protocols.errorRenderers,
    unknownRenderer: protocols.unknownRenderer,
    identify: identifyLocal,
    allowedHosts: config.allowedHosts,
    log,
    ...(fallback && { fallback }),
    checkReplies: config.checkReplies,
    onAnswer: metrics.countAnswer,
  });

  await model.services.experiments.ensureDefaultExperiment({ actor: 'system' });
  url = await http.listen(config.host, config.port);
  await database.write((writer) =>
    events.append(
      writer,
      { actor: 'system' },
      { type: 'installation.started', subject: 'installation:control-plane', payload: { version } },
    ),
  );
  await runner.start();
  let tick: Promise<void> | undefined;
  const ticking = setInterval(() => {
    // One at a time: where the database is away, each waits for it.
    tick ??= scheduler.tick().finally(() => (tick = undefined));
  }, SCHEDULE_POLL_MS);
  const { experiments } = model.services;
  return {
    url,
    stop: (graceMs) =>
      stopAll({ http, runner, database, ticking, experiments, closeExecutors: foundation.closeExecutors }, graceMs),
  };
}

/** Builds the adapters and what every wing stands on. */
async function lay(database: Database, config: Config, log: Logger, serverUrl: () => string): Promise<Foundation> {
  const ids = randomIds;
  const temporaryFolder = join(config.data, 'tmp');
  mkdirSync(temporaryFolder, { recursive: true });
  const clock = await openClock(config.clock, database);
  const jobs = createJobs({ database, clock, ids });
  const { executors, close: closeExecutors } = createExecutors(config);
  return {
    config,
    log,
    database,
    events: createEvents({ database, jobs, clock, ids }),
    jobs,
    clock,
    ids,
    blobs: await createBlobFs({ root: config.artifacts }),
    analytics: createAnalyticsDuckdb({ temporaryFolder }),
    executors,
    closeExecutors,
    serverUrl,
  };
}

/** `MODEL/VERSION` of what experiment runs registered. */
async function versionsOf(registry: ModelRegistry, runIds: readonly string[]): Promise<string[]> {
  const versions = await Promise.all(runIds.map((runId) => registry.versionsOfRun(runId)));
  return versions.flat().map(({ model, version }) => `${model}/${version}`);
}

async function stopAll(
  parts: {
    http: HttpServer;
    runner: Runner;
    database: Database;
    ticking: NodeJS.Timeout;
    experiments: Pick<Experiments, 'settle'>;
    closeExecutors: () => Promise<void>;
  },
  graceMs: number,
): Promise<void> {
  clearInterval(parts.ticking);
  await Promise.all([parts.http.drain(graceMs), parts.runner.stop(graceMs)]);
  await parts.closeExecutors().catch(() => {});
  // Where the database is away, what waits there to be summed up is lost: the end must not wait for it.
  await parts.experiments.settle().catch(() => {});
  await parts.database.close();
}

/** The built interface: beside the sources in a checkout, beside the program in an installed package. */
function interfaceFolder(): string {
  const here = dirname(fileURLToPath(import.meta.url));
  const inCheckout = join(here, '..', '..', 'ui', 'dist');
  return existsSync(inCheckout) ? inCheckout : join(here, 'ui');
}

async function refuseFullDisk(folder: string): Promise<void> {
  const { bavail, bsize } = await statfs(folder);
  if (bavail * bsize >= LEAST_FREE_BYTES) return;
  throw new DomainError('STORAGE_FULL', `Less than ${LEAST_FREE_BYTES} bytes are free under ${folder}`);
}
