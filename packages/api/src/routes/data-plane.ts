import { z } from 'zod';
import { defineRawRoute, defineRoute, type Method, type RawRoute } from '../route.ts';
import { nothing, timestamp } from '../shapes.ts';

const INFER_BODY_BYTES = 33_554_432;
const SMALL_BODY_BYTES = 65_536;

function openInference(name: string, method: Method, path: string, summary: string): RawRoute {
  return defineRawRoute({
    name: `openInference.${name}`,
    method,
    path,
    summary,
    permission: method === 'GET' ? 'public' : 'execute',
    bodyLimitBytes: method === 'GET' ? 0 : INFER_BODY_BYTES,
    audit: 'none',
    protocol: 'open-inference',
    bodyAs: method === 'GET' ? 'none' : 'bytes',
  });
}

function repository(name: string, path: string, summary: string): RawRoute {
  return { ...openInference(name, 'POST', path, summary), permission: 'read', bodyLimitBytes: SMALL_BODY_BYTES };
}

function memory(name: string, path: string, summary: string): RawRoute {
  return { ...repository(name, path, summary), permission: 'execute' };
}

function scoring(name: string, method: Method, path: string, summary: string): RawRoute {
  return { ...openInference(name, method, path, summary), name: `scoring.${name}`, protocol: 'mlflow-scoring' };
}

/** Processes of a Python model. */
const modelProcesses = z.strictObject({
  state: z.enum(['starting', 'ready', 'failing', 'closed']).meta({
    description: 'failing: its processes die whatever is done, and it rests before it is tried anew',
  }),
  /** Requests that wait for a process. */
  queued: z.int(),
  workers: z.array(
    z.strictObject({
      pid: z.int().nullable(),
      state: z.enum(['starting', 'idle', 'busy', 'ending', 'waiting']),
      /** Resident, with all that it started. */
      memoryBytes: z.int(),
      restarts: z.int(),
      answered: z.int(),
      /** What the model printed last. */
      lastLines: z.array(z.string()),
    }),
  ),
  /** Why a process ended last, and what it had printed. */
  lastEnd: z.strictObject({ reason: z.string(), lines: z.array(z.string()) }).nullable(),
  /** `key`: of an environment that was built for it. */
  environment: z.strictObject({ python: z.string(), mlflow: z.string(), key: z.string().nullable() }),
});

const servedModelStatus = z.strictObject({
  revision: z.int(),
  state: z.enum(['ready', 'unloaded', 'loading', 'failed']).meta({
    description: 'unloaded: it can answer, and takes no memory; the next request loads it',
  }),
  /** What loading is at, or why it failed. */
  note: z.string().nullable(),
  /** Rows that wait for the model; requests where it reads them itself. */
  waitingRows: z.int(),
  /** What it takes, as it was measured. */
  memoryBytes: z.int(),
  /** What ran before its first request: what its deployment was asked of late, or zeros and why. */
  warmUp: z
    .strictObject({ by: z.enum(['logged', 'zeros']), note: z.string().nullable(), hasFailed: z.boolean() })
    .nullable(),
  /** Null where the model is in the data plane's own process, or not there yet. */
  processes: modelProcesses.nullable(),
});
export type ServedModelStatus = z.output<typeof servedModelStatus>;

function native(name: string, method: Method, path: string, summary: string): RawRoute {
  return { ...openInference(name, method, path, summary), name: `predict.${name}`, protocol: 'native' };
}

/** Every route of the data plane. It has no other: the native API is the control plane's. */
export const servingRoutes = {
  openInference: {
    live: openInference('live', 'GET', '/v2/health/live', 'The process is alive'),
    ready: openInference('ready', 'GET', '/v2/health/ready', 'Every deployment of the snapshot can answer'),
    server: openInference('server', 'GET', '/v2', 'Name, version and extensions of the server'),
    model: openInference('model', 'GET', '/v2/models/:model', 'Inputs and outputs of a deployment'),
    modelVersion: openInference(
      'modelVersion',
      'GET',
      '/v2/models/:model/versions/:version',
      'Inputs and outputs of a revision',
    ),
    modelReady: openInference('modelReady', 'GET', '/v2/models/:model/ready', 'A deployment can answer'),
    versionReady: openInference(
      'versionReady',
      'GET',
      '/v2/models/:model/versions/:version/ready',
      'A revision can answer',
    ),
    infer: openInference('infer', 'POST', '/v2/models/:model/infer', 'Answers by the routes of the deployment'),
    inferVersion: openInference(
      'inferVersion',
      'POST',
      '/v2/models/:model/versions/:version/infer',
      'Answers by one revision',
    ),
    modelConfig: openInference('modelConfig', 'GET', '/v2/models/:model/config', 'Says that there is none'),
    versionConfig: openInference(
      'versionConfig',
      'GET',
      '/v2/models/:model/versions/:version/config',
      'Says that there is none',
    ),
    allStatistics: openInference('allStatistics', 'GET', '/v2/models/stats', 'Counters of every revision served'),
    modelStatistics: openInference(
      'modelStatistics',
      'GET',
      '/v2/models/:model/stats',
      'Counters of the revisions of a deployment',
    ),
    versionStatistics: openInference(
      'versionStatistics',
      'GET',
      '/v2/models/:model/versions/:version/stats',
      'Counters of a revision',
    ),
    repositoryIndex: repository(
      'repositoryIndex',
      '/v2/repository/index',
      'Revisions that are served, or failed to load',
    ),
    load: memory('load', '/v2/repository/models/:model/load', 'Has the models of a deployment in memory'),
    unload: memory(
      'unload',
      '/v2/repository/models/:model/unload',
      'Gives the memory of a deployment back; the next request loads its models again',
    ),
  },
  scoring: {
    ping: scoring('ping', 'GET', '/ping', 'The process is alive'),
    health: scoring('health', 'GET', '/health', 'The process is alive'),
    version: scoring('version', 'GET', '/version', 'Version of the server'),
    invocations: scoring('invocations', 'POST', '/invocations', 'MLflow scoring, where one deployment is served'),
    invocationsOf: scoring(
      'invocationsOf',
      'POST',
      '/models/:deployment/invocations',
      'MLflow scoring of a deployment',
    ),
  },
  predict: {
    predict: {
      ...native('predict', 'POST', '/models/:deployment/predict', 'Answers rows of plain JSON, each by its route'),
      streamedType: 'application/x-ndjson',
    },
    openapi: native('openapi', 'GET', '/models/:deployment/openapi.json', 'OpenAPI 3.1 of a deployment'),
    docs: native('docs', 'GET', '/models/:deployment/docs', 'A deployment as a page, with a form to try it'),
  },
  plane: {
    healthz: defineRoute({
      name: 'plane.healthz',
      method: 'GET',
      path: '/healthz',
      summary: 'The process is alive; asks nothing of its dependencies',
      permission: 'public',
      bodyLimitBytes: 0,
      audit: 'none',
      params: nothing,
      query: nothing,
      body: nothing,
      reply: z.strictObject({ status: z.literal('ok') }),
      errors: [],
    }),
    status: defineRoute({
      name: 'plane.status',
      method: 'GET',
      path: '/api/v1/serving/status',
      summary: 'Snapshot, loaded revisions, queues and counters of this replica',
      permission: 'read',
      bodyLimitBytes: 0,
      audit: 'none',
      params: nothing,
      query: nothing,
      body: nothing,
      reply: z.strictObject({
        replica: z.string(),
        version: z.string(),
        /** `host:port`; null where gRPC is switched off. */
        grpcAddress: z.string().nullable(),
        snapshotVersion: z.int(),
        isControlPlaneReachable: z.boolean(),
        deployments: z.array(
          z.strictObject({
            name: z.string(),
            isReady: z.boolean(),
            breaker: z.enum(['closed', 'open']),
            routes: z.array(z.strictObject({ revision: z.int(), role: z.string(), share: z.number() })),
            failures: z.array(z.strictObject({ revision: z.int(), reason: z.string() })),
            models: z.array(servedModelStatus),
          }),
        ),
        /** What models take together, and may; null: as much as they want. */
        modelMemory: z.strictObject({ budgetBytes: z.int().nullable(), takenBytes: z.int() }),
        rowsAnswered: z.int(),
        requestsFailed: z.int(),
        shadowRowsWaiting: z.int(),
        shadowRowsDropped: z.int(),
        segmentsWaiting: z.int(),
        segmentsRejected: z.int(),
      }),
      errors: [],
    }),
    flush: defineRoute({
      name: 'plane.flush',
      method: 'POST',
      path: '/api/v1/serving/flush',
      summary:
        'Finishes the shadow queue, then ships every logged prediction and waits for the control plane to take it',
      permission: 'execute',
      bodyLimitBytes: 1_000,
      audit: 'none',
      params: nothing,
      query: nothing,
      body: nothing,
      reply: z.strictObject({ shipped: z.int() }),
      errors: ['UNAVAILABLE'],
    }),
    sync: defineRoute({
      name: 'plane.sync',
      method: 'POST',
      path: '/api/v1/serving/sync',
      summary: 'Takes the newest snapshot, loads its models and tells the control plane, before it answers',
      permission: 'execute',
      bodyLimitBytes: 1_000,
      audit: 'none',
      params: nothing,
      query: nothing,
      body: nothing,
      reply: z.strictObject({ snapshotVersion: z.int(), now: timestamp }),
      errors: ['UNAVAILABLE'],
    }),
    metrics: defineRawRoute({
      name: 'plane.metrics',
      method: 'GET',
      path: '/metrics',
      summary: 'Prometheus text exposition',
      permission: 'public',
      bodyLimitBytes: 0,
      audit: 'none',
      protocol: 'prometheus',
      bodyAs: 'none',
    }),
  },
};
