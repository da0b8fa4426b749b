// For tests only: the whole way of an answer over real modules, databases, DuckDB and ONNX Runtime. Which pipeline run made
// a model is told by the test, and so is what runs are started: nothing is trained here.
import { mkdir, mkdtemp, readFile, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { InputAdapter, PipelineRun, PredictionRecord, RecordedPart } from '@capstan/api';
import { pino } from 'pino';
import { onTestFinished } from 'vitest';
import { createAnalyticsDuckdb } from '#adapters/analytics-duckdb';
import { createBlobFs } from '#adapters/blob-fs';
import { createRuntimeOnnx } from '#adapters/runtime-onnx';
import { createDatasets } from '#data/datasets';
import type { Database } from '#database';
import { createProjects } from '#design/projects';
import { createEvents } from '#events';
import { createJobs } from '#jobs';
import type { Cause } from '#kernel/cause';
import { notFound } from '#kernel/errors';
import { createExperiments } from '#model/experiments';
import { createGates } from '#model/gates';
import { createRegistry } from '#model/registry';
import { createDeployments, deploymentJobs, type DeploymentSpec, type ModelSource } from '#operations/deployments';
import { createPredictions } from '#operations/predictions';
import { createRetraining } from '#operations/retraining';
import { randomIds } from '#ports/ids';
import { probabilityPlace } from '#ports/binary-probability';
import type { ModelRuntime, Tensor } from '#ports/model-runtime';
import { shiftOutputs } from '#ports/shift-outputs';
import { createLineage } from './index.ts';

export const cause: Cause = { actor: 'test' };
export const DAY = 86_400_000;
export const START = Date.parse('2013-04-01T00:00:00Z');
const MODEL_FILE = fileURLToPath(new URL('../../adapters/runtime-onnx/golden/columns.onnx', import.meta.url));

const DECLARATION = `project: shop
charter:
  owner: tests
  decision: none
  value: {currency: USD, true_positive: 1, false_positive: -1, false_negative: -1, true_negative: 0}
datasets:
  flights: {path: data/flights/*.csv, event_time: time, label: {column: late, arrives_after: 1d}}
pipeline: dvc.yaml
model: {name: m, task: binary, metric: log_loss}
gates:
  - {check: latency, p99: 10s}
deployment: {name: shop-live, rollout: [100%]}
`;

const spec: DeploymentSpec = {
  deployment: 'shop-live',
  project: 'shop',
  model: 'm',
  context: { id: 'example_id', eventTime: 'event_time' },
  redact: [],
  logSample: 1,
  serving: {},
  plan: [{ kind: 'full' }],
  analysis: ['errors'],
  value: { truePositive: 1, falsePositive: -1, falseNegative: -1, trueNegative: 0 },
  lossBudget: null,
  recalibration: null,
  declaredAt: 0,
};

/** Numbers that are none in binary: what conversion does to them shows. */
const flights = [
  { carrier: 'AA', origin: 'JFK', distance: 500.1, hour: 3.7 },
  { carrier: 'DL', origin: 'ORD', distance: 1200.3, hour: 21.1 },
  { carrier: 'Zürich Air', origin: 'JFK', distance: 54.1, hour: 9.2 },
] as const;
export const adapters = { distance: { multiply: 1.609344, add: 0.1 } };

/** A model's inputs as the data plane makes them: single precision, then converted. */
function tensorsOf(rows: readonly (typeof flights)[number][], own: Readonly<Record<string, InputAdapter>>): Tensor[] {
  const shape = [rows.length, 1];
  const texts = (['carrier', 'origin'] as const).map((name) => {
    return { name, datatype: 'BYTES' as const, shape, data: rows.map((row) => row[name]) };
  });
  const numbers = (['distance', 'hour'] as const).map((name) => {
    const { multiply, add } = own[name] ?? { multiply: 1, add: 0 };
    const data = Float32Array.from(rows, (row) => row[name]).map((value) => value * multiply + add);
    return { name, datatype: 'FP32' as const, shape, data };
  });
  return [...texts, ...numbers];
}

export interface Logged {
  /** Changes the logged probabilities. */
  readonly plant?: (probability: number) => number;
  readonly role?: RecordedPart['role'];
  readonly revision?: number;
  /** Of log odds, as the snapshot of then had it. */
  readonly shift?: number;
  readonly hasInputs?: boolean;
  readonly prefix?: string;
}

export async function setup(database: Database, host: (real: ModelRuntime) => ModelRuntime = (real) => real) {
  let now = START;
  const clock = { kind: 'system' as const, now: () => now };
  const root = await realpath(await mkdtemp(join(tmpdir(), 'capstan-lineage-')));
  onTestFinished(() => rm(root, { recursive: true, force: true }));
  const folder = join(root, 'project');
  await mkdir(join(folder, 'data', 'flights'), { recursive: true });
  await writeFile(join(folder, 'dvc.yaml'), 'stages: {}\n');
  const ids = randomIds;
  const jobs = createJobs({ database, clock, ids });
  const events = createEvents({ database, jobs, clock, ids });
  const blobs = await createBlobFs({ root: join(root, 'blobs') });
  const analytics = createAnalyticsDuckdb({ temporaryFolder: join(root, 'spill') });
  const base = { database, events, jobs, clock, ids, blobs, analytics, log: pino({ level: 'silent' }) };
  const projects = createProjects(base);
  const datasets = createDatasets({ ...base, projects, temporaryFolder: join(root, 'tmp') });
  const experiments = createExperiments(base);
  const registry = createRegistry({ ...base, experiments });
  const runs = new Map<string, PipelineRun>();
  const pipelines = {
    madeIn: async (runId: string) => runs.get(runId),
    given: async (_project: string, versionId: string) => {
      const given = [...runs].filter(([, run]) => run.inputs.some((input) => input.versionId === versionId));
      return { runs: given.map(([, run]) => run), experimentRuns: given.map(([runId]) => runId) };
    },
    start: untold,
    get: untold,
    inputsFor: untold,
  };
  const real = createRuntimeOnnx();
  const gates = createGates({ ...base, runtime: real, projects, datasets, registry, lineage: pipelines });
  const models: ModelSource = {
    async served(model, version) {
      const { onnx, files } = await registry.modelFiles(model, version);
      const digest = onnx ?? (await untold());
      return { flavor: 'onnx', digest, packageDigest: digest, files };
    },
    inputs: async () => [],
    requirePassingVerdict: async (_model, _version, id) => void (await gates.get(id)),
    async promote({ model, version, verdictId, cause: because }) {
      const verdict = await gates.get(verdictId);
      await registry.promote({ model, version, alias: 'champion', verdict, cause: because });
    },
  };
  const specs = {
    of: async (name: string) => (name === 'shop-live' ? spec : Promise.reject(notFound('deployment', name))),
    all: async () => [spec],
  };
  const deployments = createDeployments({
    ...base,
    specs,
    models,
    knownBaseline: async () => null,
    latestEvidence: async () => 0,
  });
  const predictions = createPredictions({ ...base, deployments, feedback: { register: untold } });
  const above = { projects, datasets, experiments, registry, pipelines, gates, deployments, predictions };
  const retraining = createRetraining({ ...base, ...above });
  const lineage = createLineage({ ...base, ...above, retraining, runtime: host(real) });

  await projects.apply({ folder, text: DECLARATION, dryRun: false, cause });
  const experimentId = (await experiments.createExperiment({ name: 'shop', cause })).id;
  await registry.createModel({ name: 'm', cause });

  async function register(from: number): Promise<string> {
    const lines = Array.from({ length: 4 }, (_, index) => {
      const { carrier, origin, distance, hour } = flights[index % 3] ?? flights[0];
      return `${new Date(from + index * DAY).toISOString()},${carrier},${origin},${distance},${hour},${index % 2}`;
    });
    await writeFile(
      join(folder, 'data', 'flights', 'all.csv'),
      `time,carrier,origin,distance,hour,late\n${lines.join('\n')}\n`,
    );
    const { id } = await datasets.registerFromFolder({ project: 'shop', dataset: 'flights', replace: true, cause });
    const profiled = await datasets.scan(id);
    await datasets.settle({ versionId: id, status: 'accepted', profiled, report: { suite: null, results: [] } }, cause);
    return id;
  }

  /** A version of the golden model; made by a pipeline run that read `trainedOn`, or by nobody that Capstan knows. */
  async function makeVersion(trainedOn: string | null) {
    const run = await experiments.createRun({ experimentId, cause });
    const owner = { kind: 'run', id: run.id } as const;
    const files = {
      'model/model.onnx': await readFile(MODEL_FILE),
      'model/MLmodel': Buffer.from('flavors:\n  onnx: {data: model.onnx}\n'),
    };
    for (const [path, bytes] of Object.entries(files)) await experiments.putArtifact({ owner, path, bytes, cause });
    if (trainedOn !== null) runs.set(run.id, await pipelineRun(run.id, trainedOn));
    const source = `runs:/${run.id}/model`;
    const { version } = await registry.createVersion({ model: 'm', source, runId: run.id, cause });
    return { version, runId: run.id };
  }

  async function pipelineRun(runId: string, versionId: string): Promise<PipelineRun> {
    const { dataset, number, digest } = await datasets.get(versionId);
    const times = { startedAt: now, endedAt: now };
    const attempt = { id: 'sa_1', number: 1, status: 'succeeded', reason: null, runId, ...times } as const;
    const usage = { exitCode: 0, signal: null, durationMs: 1, cpuMs: null, peakMemoryBytes: null, machine: null };
    const stage = { name: 'train', description: null, command: 'python train.py', status: 'succeeded' } as const;
    const facts = {
      after: [],
      inputs: [],
      outputs: [],
      isCached: false,
      why: [],
      because: null,
      reason: null,
      runId,
      report: null,
    };
    return {
      id: 'pr_1',
      project: 'shop',
      source: 'server',
      place: null,
      isLost: false,
      number: 1,
      status: 'succeeded',
      phase: 'ended',
      reason: null,
      cutoff: null,
      cycle: null,
      actor: 'test',
      modelVersions: [],
      createdAt: now,
      ...times,
      revision: 1,
      params: {},
      inputs: [{ dataset, versionId, number, digest, used: { versionId, number, digest }, path: 'data/flights' }],
      codeDigest: 'md5:1',
      gitCommit: 'c0ffee',
      environmentKey: 'env-1',
      executor: 'local',
      keepGoing: false,
      fromCommit: null,
      forcedFrom: null,
      retryOf: null,
      stageTimeoutMs: 1,
      isCancelRequested: false,
      stages: [{ ...stage, ...facts, attempts: [{ ...attempt, ...usage }] }],
    };
  }

  /** A replica serves the revision, so that its rollout ends. */
  async function serve(revision: number): Promise<void> {
    const counters = {
      rowsAnswered: 0,
      requestsFailed: 0,
      shadowRowsDropped: 0,
      segmentsWaiting: 0,
      segmentsRejected: 0,
    };
    const { version: snapshotVersion } = await deployments.snapshot();
    const serving = [{ deployment: 'shop-live', revision }];
    const report = { url: 'http://127.0.0.1:1', snapshotVersion, serving, failures: [], loading: [], counters };
    await deployments.report('r1', report, { actor: 'replica:r1' });
    const [ended] = (await events.list({ type: 'rollout.ended', limit: 100 })).slice(-1);
    const context = { cause, attempt: 1, signal: AbortSignal.timeout(60_000) };
    await deploymentJobs({ events, models })['deployments.promote']({ eventSeq: ended?.seq ?? 0 }, context as never);
  }

  /** Three rows, answered at once by the model and logged as a data plane logs them. */
  async function answer({
    plant = (it) => it,
    role = 'champion',
    revision = 1,
    shift = 0,
    hasInputs = true,
    prefix = 'e',
  }: Logged = {}) {
    const own = (await deployments.inputAdapters('shop-live')).get(revision) ?? {};
    const loaded = await host(real).load(MODEL_FILE);
    const said = await loaded.predict(tensorsOf(flights, own));
    const outputs = shiftOutputs(said, probabilityPlace(loaded.outputs), shift);
    await loaded.close();
    const both = outputs.find(({ name }) => name === 'probabilities')?.data as Float32Array;
    const part: RecordedPart = {
      role,
      revision,
      modelVersion: revision,
      share: 1,
      threshold: 0.5,
      shift,
      rows: null,
      error: null,
      latencyUs: 10,
      probabilities: flights.map((_, row) => plant(both[row * 2 + 1] ?? 0)),
    };
    const inputs = tensorsOf(flights, {}).map(({ name, datatype }) => {
      return { name, datatype, width: 1, data: flights.map((row) => row[name as keyof typeof row]) };
    });
    const record: PredictionRecord = {
      v: 1,
      request: `request-${prefix}`,
      deployment: 'shop-live',
      rollout: null,
      stage: null,
      at: now,
      examples: flights.map((_, row) => `${prefix}${row}`),
      eventTimes: flights.map(() => now + DAY),
      inputs: hasInputs ? inputs : null,
      parts: [part],
    };
    const bytes = Buffer.from(`${JSON.stringify(record)}\n`);
    await predictions.ingest({ id: ids.next('sg'), replica: 'r1', bytes });
  }

  return {
    lineage,
    predictions,
    deployments,
    datasets,
    registry,
    gates,
    retraining,
    events,
    register,
    makeVersion,
    serve,
    answer,
    advance: (ms: number) => (now += ms),
  };
}

async function untold(): Promise<never> {
  throw new Error('nobody asks this in these tests');
}
