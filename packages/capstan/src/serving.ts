// The composition root of the data plane: config → runtime, log, control plane → serving plane → protocols → http.
// A process of its own, so that predictions are answered while the control plane is down; it opens no database.
import { mkdirSync } from 'node:fs';
import { hostname, totalmem } from 'node:os';
import { join, resolve } from 'node:path';
import { servingRoutes, type AnyRoute } from '@capstan/api';
import type { Logger } from 'pino';
import { createParquetReader } from '#adapters/analytics-duckdb';
import { createRuntimeOnnx } from '#adapters/runtime-onnx';
import {
  accessLine,
  bindRaw,
  BytesInHand,
  createHttpServer,
  createPortKeeper,
  inertHeaders,
  type AccessFacts,
} from '#http';
import { sha256 } from '#kernel/digest';
import {
  connectControlPlane,
  createOtlpExporter,
  createServingPlane,
  createTracer,
  planeRoutes,
  type ControlPlane,
} from '#operations/serving';
import { systemClock } from '#ports/clock';
import { randomIds } from '#ports/ids';
import { lockForProcess } from '#ports/process-lock';
import { mlflowScoringError, mlflowScoringRoutes } from '#protocols/mlflow-scoring';
import { createInferenceGrpc, openInferenceError, openInferenceRoutes } from '#protocols/open-inference';
import { predictRoutes } from '#protocols/predict';
import type { App } from './app.ts';
import type { Config } from './config.ts';
import { createLineLog } from './logging.ts';
import { createMetrics } from '#system';
import { version } from './version.ts';
import { pythonRuntime } from './wiring/python-runtime.ts';

type ServingConfig = Pick<
  Config,
  | 'host'
  | 'servingPort'
  | 'grpc'
  | 'grpcPort'
  | 'grpcMessageBytes'
  | 'data'
  | 'allowedHosts'
  | 'checkReplies'
  | 'accessLog'
  | 'python'
  | 'servingProcesses'
  | 'servingPython'
  | 'relaxedPython'
  | 'modelWorkers'
  | 'modelMemory'
  | 'modelMemoryBudget'
  | 'resultCache'
  | 'predictionLogSync'
  | 'otlpEndpoint'
  | 'otlpHeaders'
  | 'traceShare'
  | 'commandEnvironment'
  | 'installerEnvironment'
>;

export interface Serving extends App {
  /** `host:port` where it answers over gRPC; null where that is switched off. */
  readonly grpcAddress: string | null;
}

/** One of several processes of a data plane. */
export interface ServingProcess {
  readonly index?: number;
  /** It listens when its models are loaded, or after so long. */
  readonly readyWithinMs?: number;
}

/** So many messages of the largest size may be in hand, of all callers together. */
const LARGE_BODIES = 8;
const READY_WITHIN_MS = 10_000;
/** Of the memory of the machine, or of what a container may take. */
const MEMORY_SHARE = 0.8;
const GROUP_LENGTH = 32;

/** Builds and starts a data plane that follows a control plane, by its address or as it is, or that one of its processes which has this number. @throws DomainError CONFLICT when its folder is held by another process or the port is taken */
export async function startServing(
  config: ServingConfig,
  from: string | ControlPlane,
  log: Logger,
  { index = 0, readyWithinMs = READY_WITHIN_MS }: ServingProcess = {},
): Promise<Serving> {
  const folder = join(config.data, index === 0 ? 'serving' : `serving-${index}`);
  // Several processes have one port: each says that it may be shared.
  const reusePort = config.servingProcesses > 1;
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const unlock = lockForProcess(join(folder, 'process'));
  const exporter = spanExporter(config, log);
  const plane = createServingPlane({
    folder,
    controlPlane: typeof from === 'string' ? connectControlPlane(from) : from,
    runtimes: { onnx: createRuntimeOnnx(), python_function: pythonRuntime(config, folder, log) },
    loading: { workers: config.modelWorkers, maxMemoryBytes: config.modelMemory },
    processes: config.servingProcesses,
    ...(reusePort && { portGroup: portGroupOf(config), onPort: (isLeft: boolean) => keepPort(isLeft) }),
    resultCacheBytes: config.resultCache,
    logSync: config.predictionLogSync,
    memoryBudgetBytes: memoryBudget(config),
    ...(exporter && { tracer: createTracer(config.traceShare, exporter) }),
    clock: systemClock,
    ids: randomIds,
    log,
  });
  const parquet = createParquetReader({ folder: join(folder, 'parquet') });
  const accessLog = config.accessLog ? createLineLog() : undefined;
  const onAccess = accessLog && ((facts: AccessFacts) => accessLog.write(accessLine(facts, Date.now())));
  const metrics = createMetrics();
  // Who asks reaches any of the processes: each tells series of its own.
  const ofProcess = config.servingProcesses > 1 ? { process: String(index) } : {};
  const inHand = new BytesInHand(config.grpcMessageBytes * LARGE_BODIES);
  let grpcAddress: string | null = null;
  const grpc = createInferenceGrpc(plane, version, {
    identify: plane.identify,
    onEnd: plane.countCall,
    allowedHosts: config.allowedHosts,
    maxMessageBytes: config.grpcMessageBytes,
    inHand,
    log,
    onAnswer: metrics.countAnswer,
    onAccess,
  });
  const http = createHttpServer({
    table: Object.values(servingRoutes).flatMap((group) => Object.values<AnyRoute>(group)),
    bound: [
      ...openInferenceRoutes(plane, version),
      ...mlflowScoringRoutes(plane, version, parquet),
      ...predictRoutes(plane),
      ...planeRoutes(plane, { version, grpcAddress: () => grpcAddress }),
      bindRaw(servingRoutes.plane.metrics, async () => {
        const { contentType, text } = metrics.render(plane.metrics(), ofProcess);
        return { status: 200, headers: { 'content-type': contentType }, body: text };
      }),
    ],
    errorRenderers: { 'open-inference': openInferenceError, 'mlflow-scoring': mlflowScoringError },
    headers: inertHeaders,
    // Most callers of this port speak the inference protocol, whose clients read nothing else.
    defaultRenderer: openInferenceError,
    identify: plane.identify,
    onEnd: plane.countCall,
    allowedHosts: config.allowedHosts,
    inHand,
    log,
    checkReplies: config.checkReplies,
    onAnswer: metrics.countAnswer,
    onAccess,
  });
  const keepPort = createPortKeeper([http, ...(config.grpc ? [grpc] : [])], log);
  try {
    // One that starts beside others, or anew, takes its share of the connections only when it can answer them.
    const isAwaited = reusePort && config.servingPort !== 0;
    if (isAwaited) {
      await plane.start(urlAt(config.host, config.servingPort));
      await plane.settled(readyWithinMs);
    }
    const url = await http.listen(config.host, config.servingPort, { reusePort });
    if (config.grpc) grpcAddress = await grpc.listen(config.host, config.grpcPort, { reusePort });
    if (!isAwaited) await plane.start(url);
    return {
      url,
      grpcAddress,
      async stop(graceMs) {
        await Promise.all([http.drain(graceMs), grpc.drain(graceMs)]);
        await plane.stop(graceMs);
        await parquet.close();
        await exporter?.stop(graceMs);
        accessLog?.flush();
        unlock();
      },
    };
  } catch (error) {
    await Promise.all([http.drain(0), grpc.drain(0)]);
    await plane.stop(0);
    unlock();
    throw error;
  }
}

/** A name for the processes of one data plane on one machine: the same for each, and another elsewhere. */
function portGroupOf({ data }: ServingConfig): string {
  return sha256(`${hostname()}\0${resolve(data)}`).slice(0, GROUP_LENGTH);
}

/** What models of one process may take: as set, else its part of what there is, with room left for all else. */
function memoryBudget({ modelMemoryBudget, servingProcesses }: ServingConfig): number | null {
  if (modelMemoryBudget === 'none') return null;
  if (modelMemoryBudget !== null) return modelMemoryBudget;
  const limit = process.constrainedMemory();
  const memory = limit > 0 ? Math.min(limit, totalmem()) : totalmem();
  return Math.floor((memory * MEMORY_SHARE) / servingProcesses);
}

/** What traced requests are sent with, where a collector is named. */
function spanExporter({ otlpEndpoint, otlpHeaders }: ServingConfig, log: Logger) {
  if (otlpEndpoint === null) return undefined;
  const headers = (otlpHeaders ?? '').split(',').filter(Boolean);
  const pairs = headers.map((pair) => [pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1)]);
  const resource = { 'service.name': 'capstan-serving', 'service.version': version };
  return createOtlpExporter({ endpoint: otlpEndpoint, headers: Object.fromEntries(pairs), resource }, log);
}

function urlAt(host: string, port: number): string {
  return `http://${host.includes(':') ? `[${host}]` : host}:${port}`;
}
