// For tests only: deployments on a real database and blob store, with declarations and models that need no registry.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ReplicaReport, ServingRoute, WithheldTraffic } from '@capstan/api';
import { createBlobFs } from '#adapters/blob-fs';
import type { Database } from '#database';
import { createEvents } from '#events';
import { createJobs } from '#jobs';
import { sha256 } from '#kernel/digest';
import { conflict, notFound } from '#kernel/errors';
import { randomIds } from '#ports/ids';
import type { DeploymentsDeps } from './deps.ts';
import {
  createDeployments,
  deploymentJobs,
  type DeploymentSpec,
  type EvidenceItem,
  type ModelSource,
} from './index.ts';

export const START = 1_700_000_000_000;
export const HOUR_MS = 3_600_000;
export const cause = { actor: 'test' };
const folders: string[] = [];

/** Removes what the benches left on disk. */
export async function removeFolders(): Promise<void> {
  for (const folder of folders.splice(0)) await rm(folder, { recursive: true, force: true });
}

const spec: DeploymentSpec = {
  deployment: 'late-arrival',
  project: 'flights',
  model: 'late-arrival',
  context: { id: 'example_id', eventTime: 'event_time' },
  redact: [],
  logSample: 1,
  serving: {},
  plan: [{ kind: 'shadow', minPairs: 2 }, { kind: 'canary', share: 0.25 }, { kind: 'full' }],
  analysis: ['errors', 'latency', 'loss'],
  value: { truePositive: 12, falsePositive: -4, falseNegative: -6, trueNegative: 0 },
  lossBudget: { amount: 100, windowMs: 24 * HOUR_MS, onExhausted: 'fallback' },
  recalibration: null,
  declaredAt: 0,
};

export async function setup(
  database: Database,
  declared: Partial<DeploymentSpec> = {},
  knownBaseline: DeploymentsDeps['knownBaseline'] = async () => null,
) {
  let now = START;
  const clock = { kind: 'system' as const, now: () => now };
  const jobs = createJobs({ database, clock, ids: randomIds });
  const events = createEvents({ database, jobs, clock, ids: randomIds });
  const folder = await mkdtemp(join(tmpdir(), 'capstan-deployments-'));
  folders.push(folder);
  const blobs = await createBlobFs({ root: folder });
  const { digest } = await blobs.put(Buffer.from('a model'));
  const { digest: otherDigest } = await blobs.put(Buffer.from('a model that takes other inputs'));
  const promotions: { version: number; cycle: string | undefined }[] = [];
  const models: ModelSource = {
    async served(_, version) {
      if (version > 9) throw notFound('model version', `late-arrival/${version}`);
      const file = version > 5 ? otherDigest : digest;
      const files = [{ path: 'model.onnx', digest: file, sizeBytes: 7 }];
      return { flavor: 'onnx', digest: file, packageDigest: `sha256:${sha256(file)}`, files };
    },
    inputs: async ({ digest: file }) => [
      { name: file === otherDigest ? 'distanse' : 'distance', datatype: 'FP32', shape: [-1, 1] },
      { name: 'carrier', datatype: 'BYTES', shape: [-1, 1] },
    ],
    async requirePassingVerdict(_model, _version, verdictId) {
      if (verdictId !== 'passed') throw conflict(`The verdict ${verdictId} does not allow it`);
    },
    promote: async (promotion) => void promotions.push({ version: promotion.version, cycle: promotion.cause.cycle }),
  };
  const specs = {
    async of(deployment: string) {
      const known = { ...spec, ...declared };
      if (deployment !== known.deployment) throw notFound('deployment', deployment);
      return known;
    },
    all: async () => [{ ...spec, ...declared }],
  };
  const deps = {
    database,
    events,
    jobs,
    clock,
    ids: randomIds,
    specs,
    models,
    blobs,
    knownBaseline,
    latestEvidence: async () => 0,
  };
  const deployments = createDeployments(deps);
  const report = async (revisions: number[], change: Partial<ReplicaReport> = {}): Promise<void> => {
    const serving = revisions.map((revision) => ({ deployment: spec.deployment, revision }));
    await reportAs('r1', change.serving ?? serving, change);
  };
  const reportAs = async (
    replica: string,
    serving: ReplicaReport['serving'],
    change: Partial<ReplicaReport> = {},
  ): Promise<WithheldTraffic | undefined> => {
    const counters = {
      rowsAnswered: 0,
      requestsFailed: 0,
      shadowRowsDropped: 0,
      segmentsWaiting: 0,
      segmentsRejected: 0,
    };
    const { version } = await deployments.snapshot();
    return await deployments.report(
      replica,
      { url: 'http://127.0.0.1:1', snapshotVersion: version, serving, failures: [], loading: [], counters, ...change },
      { actor: `replica:${replica}` },
    );
  };
  const start = (version: number, change = {}) =>
    deployments.start({ deployment: spec.deployment, version, verdictId: 'passed', ...change }, cause);
  /** A champion to compare with. */
  const withChampion = async (): Promise<void> => {
    await start(1, { baselineProbability: 0.2 });
    await report([1]);
  };
  return {
    deployments,
    events,
    jobs: deploymentJobs({ events, models }),
    promotions,
    digest,
    start,
    report,
    reportAs,
    withChampion,
    advanceClock: (ms: number) => (now += ms),
    types: async () => (await events.list({ limit: 1000 })).map((event) => event.type),
  };
}

/** Labelled pairs of an equal candidate. */
export function pairs(after: number, count: number, worse = 0): EvidenceItem[] {
  return Array.from({ length: count }, (_, index) => ({
    kind: 'pair',
    seq: after + index + 1,
    at: START,
    candidateLoss: 0.3 + worse,
    championLoss: 0.3,
  }));
}

/** A champion in its second revision, as snapshots have it. */
export const championRoute: ServingRoute = {
  revision: 2,
  role: 'champion',
  share: 1,
  model: 'iris',
  modelVersion: 2,
  digest: `sha256:${'a'.repeat(64)}`,
  flavor: 'onnx',
  package: null,
  threshold: 0.5,
  inputAdapters: {},
  shift: 0,
};
