// For tests only: a data plane with ONNX models behind a real port, and a control plane that only says what to serve.
import { copyFile, mkdtemp, readFile, rm } from 'node:fs/promises';
import { createHash } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import {
  servingRoutes,
  type AnyRoute,
  type CallCount,
  type ServedAccess,
  type ServedDeployment,
  type WithheldTraffic,
} from '@capstan/api';
import { pino } from 'pino';
import { createParquetReader } from '#adapters/analytics-duckdb';
import { createRuntimeOnnx } from '#adapters/runtime-onnx';
import { createHttpServer, type AccessFacts } from '#http';
import { createServingPlane, type ControlPlane, type ServingPlane } from '#operations/serving';
import { systemClock } from '#ports/clock';
import { randomIds } from '#ports/ids';
import { decodeSegment, exampleOf, type LoggedColumn, type LoggedRequest } from '#ports/prediction-log';
import { mlflowScoringError, mlflowScoringRoutes } from '#protocols/mlflow-scoring';
import { openInferenceError, openInferenceRoutes } from '#protocols/open-inference';
import { predictRoutes } from '#protocols/predict';

export interface TestingPlane {
  readonly url: string;
  readonly plane: ServingPlane;
  /** The calls that are over. */
  readonly calls: readonly AccessFacts[];
  /** Tells the plane who may call what. */
  allow(access: ServedAccess): Promise<void>;
  /** Tells the plane what it is not to answer; undefined: it may answer all. */
  withhold(told: WithheldTraffic | undefined): Promise<void>;
  /** What has been told of calls. */
  counted(): Promise<CallCount[]>;
  /** What has been logged so far. */
  logged(): Promise<LoggedRequest[]>;
  stop(): Promise<void>;
}

/** What a record has of a column, as JSON would: whole numbers past 2^53 as text, what is no number as null. */
export function loggedValues({ datatype, data }: LoggedColumn): (number | string | boolean | null)[] | null {
  if (data === null) return null;
  return Array.from(data as ArrayLike<number | bigint | string | boolean | null>, (value) => {
    if (datatype === 'BOOL') return Boolean(value);
    if (typeof value === 'bigint') return Number.isSafeInteger(Number(value)) ? Number(value) : String(value);
    return typeof value === 'number' && !Number.isFinite(value) ? null : value;
  });
}

/** The ids of a record's rows. */
export function loggedIds(record: LoggedRequest): (string | undefined)[] {
  return Array.from({ length: record.rows }, (_, row) => exampleOf(record, row));
}

/** A model file, and the MLmodel file that it was logged with. */
interface LoggedModel {
  readonly onnx: URL;
  readonly mlmodel: URL;
}

/** @param models golden models of runtime-onnx, or files, by the name of the deployment whose revision 1 they are */
export async function startTestingPlane(
  models: Readonly<Record<string, string | URL | LoggedModel>>,
): Promise<TestingPlane> {
  const folder = await mkdtemp(join(tmpdir(), 'capstan-plane-'));
  const files = new Map<string, string>();
  const deployments: ServedDeployment[] = [];
  const keep = async (url: URL): Promise<`sha256:${string}`> => {
    const file = fileURLToPath(url);
    const digest = `sha256:${createHash('sha256')
      .update(await readFile(file))
      .digest('hex')}` as const;
    files.set(digest, file);
    return digest;
  };
  for (const [name, model] of Object.entries(models)) {
    const isLogged = typeof model === 'object' && 'mlmodel' in model;
    const given = isLogged ? model.onnx : model;
    const digest = await keep(
      typeof given === 'string' ? new URL(`../adapters/runtime-onnx/golden/${given}.onnx`, import.meta.url) : given,
    );
    // A package is told by its one file here.
    deployments.push(deployment(name, digest, isLogged ? await keep(model.mlmodel) : null));
  }
  const segments: LoggedRequest[] = [];
  const counts: CallCount[] = [];
  let version = 1;
  let access: ServedAccess | undefined;
  let withheld: WithheldTraffic | undefined;
  const controlPlane: ControlPlane = {
    leave: async () => undefined,
    recentInputs: async () => [],
    async nextSnapshot(has, waitMs, signal) {
      if (has) await sleep(waitMs, undefined, { signal });
      return { version, clock: 'system', now: Date.now(), deployments, ...(access && { access }) };
    },
    modelPackage: async (digest) => ({
      files: [{ path: 'MLmodel', digest: digest as `sha256:${string}`, sizeBytes: 0 }],
    }),
    download: async (digest, path) => await copyFile(files.get(digest) ?? '', path),
    async sendSegment(_id, _replica, path) {
      segments.push(...decodeSegment(await readFile(path)));
    },
    report: async () => ({ withheld }),
    sendCalls: async (_batch, _replica, batch) => void counts.push(...batch),
  };
  const log = pino({ level: 'silent' });
  const runtimes = { onnx: createRuntimeOnnx() };
  const plane = createServingPlane({ folder, controlPlane, runtimes, clock: systemClock, ids: randomIds, log });
  const parquet = createParquetReader({ folder: join(folder, 'parquet') });
  const bound = [
    ...openInferenceRoutes(plane, '1.2.3'),
    ...mlflowScoringRoutes(plane, '1.2.3', parquet),
    ...predictRoutes(plane),
  ];
  const calls: AccessFacts[] = [];
  const http = createHttpServer({
    table: [servingRoutes.openInference, servingRoutes.scoring, servingRoutes.predict].flatMap(Object.values<AnyRoute>),
    bound,
    errorRenderers: { 'open-inference': openInferenceError, 'mlflow-scoring': mlflowScoringError },
    defaultRenderer: openInferenceError,
    identify: plane.identify,
    onEnd: plane.countCall,
    allowedHosts: [],
    log,
    checkReplies: true,
    onAccess: (facts) => calls.push(facts),
  });
  const url = await http.listen('127.0.0.1', 0);
  await plane.start(url);
  await plane.sync();
  return {
    url,
    plane,
    calls,
    async allow(given) {
      access = given;
      version += 1;
      await plane.sync();
    },
    async withhold(told) {
      withheld = told;
      version += 1;
      await plane.sync();
    },
    async counted() {
      await plane.flush();
      return counts;
    },
    async logged() {
      await plane.flush();
      return segments;
    },
    async stop() {
      await http.drain(1_000);
      await plane.stop(1_000);
      await parquet.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

function deployment(
  name: string,
  digest: `sha256:${string}`,
  modelPackage: `sha256:${string}` | null,
): ServedDeployment {
  return {
    name,
    project: '',
    context: { id: null, eventTime: null },
    rollout: null,
    salt: name,
    routes: [
      {
        revision: 1,
        role: 'champion',
        share: 1,
        model: name,
        modelVersion: 1,
        digest,
        flavor: 'onnx',
        package: modelPackage,
        threshold: 0.5,
        inputAdapters: {},
        shift: 0,
      },
    ],
    warm: [],
    redact: [],
    sample: 1,
    breaker: { state: 'closed', mode: 'fallback', fallbackProbability: null, lastKnownGood: null, reason: null },
  };
}
