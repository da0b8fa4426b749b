// For tests only: a data plane with ONNX models behind a real port, and a control plane that only says what to serve.
import { copyFile, mkdtemp, readFile, rm } from 'node:fs/promises';
import { createHash } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { servingRoutes, type AnyRoute, type PredictionRecord, type ServedDeployment } from '@capstan/api';
import { pino } from 'pino';
import { createRuntimeOnnx } from '#adapters/runtime-onnx';
import { createHttpServer, identifyLocal, type AccessFacts } from '#http';
import { createServingPlane, type ControlPlane, type ServingPlane } from '#operations/serving';
import { systemClock } from '#ports/clock';
import { randomIds } from '#ports/ids';
import { mlflowScoringError, mlflowScoringRoutes } from '#protocols/mlflow-scoring';
import { openInferenceError, openInferenceRoutes } from '#protocols/open-inference';
import { predictRoutes } from '#protocols/predict';

export interface TestingPlane {
  readonly url: string;
  readonly plane: ServingPlane;
  /** The calls that are over. */
  readonly calls: readonly AccessFacts[];
  /** What has been logged so far. */
  logged(): Promise<PredictionRecord[]>;
  stop(): Promise<void>;
}

/** @param models golden models of runtime-onnx, or files, by the name of the deployment whose revision 1 they are */
export async function startTestingPlane(models: Readonly<Record<string, string | URL>>): Promise<TestingPlane> {
  const folder = await mkdtemp(join(tmpdir(), 'capstan-plane-'));
  const files = new Map<string, string>();
  const deployments: ServedDeployment[] = [];
  for (const [name, model] of Object.entries(models)) {
    const file = fileURLToPath(
      typeof model === 'string' ? new URL(`../adapters/runtime-onnx/golden/${model}.onnx`, import.meta.url) : model,
    );
    const digest = `sha256:${createHash('sha256')
      .update(await readFile(file))
      .digest('hex')}` as const;
    files.set(digest, file);
    deployments.push(deployment(name, digest));
  }
  const segments: PredictionRecord[] = [];
  const controlPlane: ControlPlane = {
    leave: async () => undefined,
    recentInputs: async () => [],
    async nextSnapshot(has, waitMs, signal) {
      if (has) await sleep(waitMs, undefined, { signal });
      return { version: 1, clock: 'system', now: Date.now(), deployments };
    },
    modelPackage: () => Promise.reject(new Error('no package is needed')),
    download: async (digest, path) => await copyFile(files.get(digest) ?? '', path),
    async sendSegment(_id, _replica, bytes) {
      const lines = Buffer.from(bytes).toString('utf8').split('\n').filter(Boolean);
      segments.push(...lines.map((line) => JSON.parse(line) as PredictionRecord));
    },
    report: async () => undefined,
  };
  const log = pino({ level: 'silent' });
  const runtimes = { onnx: createRuntimeOnnx() };
  const plane = createServingPlane({ folder, controlPlane, runtimes, clock: systemClock, ids: randomIds, log });
  const bound = [
    ...openInferenceRoutes(plane, '1.2.3'),
    ...mlflowScoringRoutes(plane, '1.2.3'),
    ...predictRoutes(plane),
  ];
  const calls: AccessFacts[] = [];
  const http = createHttpServer({
    table: [servingRoutes.openInference, servingRoutes.scoring, servingRoutes.predict].flatMap(Object.values<AnyRoute>),
    bound,
    errorRenderers: { 'open-inference': openInferenceError, 'mlflow-scoring': mlflowScoringError },
    defaultRenderer: openInferenceError,
    identify: identifyLocal,
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
    async logged() {
      await plane.flush();
      return segments;
    },
    async stop() {
      await http.drain(1_000);
      await plane.stop(1_000);
      await rm(folder, { recursive: true, force: true });
    },
  };
}

function deployment(name: string, digest: `sha256:${string}`): ServedDeployment {
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
        package: null,
        threshold: 0.5,
        inputAdapters: {},
        shift: 0,
      },
    ],
    warm: [],
    redact: [],
    breaker: { state: 'closed', mode: 'fallback', fallbackProbability: null, lastKnownGood: null, reason: null },
  };
}
