// For tests only: monitors over real projects, deployments, logged answers and DuckDB. Which rows a version was trained on is
// told by the test.
import { mkdtemp, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { PredictionRecord } from '@capstan/api';
import { onTestFinished } from 'vitest';
import { createAnalyticsDuckdb } from '#adapters/analytics-duckdb';
import { createBlobFs } from '#adapters/blob-fs';
import type { Database } from '#database';
import { createProjects } from '#design/projects';
import { createEvents } from '#events';
import { createJobs } from '#jobs';
import { createDeployments, deploymentJobs } from '#operations/deployments';
import { createPredictions } from '#operations/predictions';
import { plainSpec, untroubled } from '#operations/testing';
import { randomIds } from '#ports/ids';
import { createMonitors } from './index.ts';

export const cause = { actor: 'test' };
export const DAY = 86_400_000;
/** A Monday. */
export const START = Date.parse('2013-04-01T00:00:00Z');

const DECLARATION = `project: flights
charter:
  owner: operations
  decision: Warn a passenger when the flight is likely to be late
  value: {currency: USD, true_positive: 12, false_positive: -4, false_negative: -6, true_negative: 0}
datasets:
  flown: {path: data/*.csv, event_time: time, label: {column: late, arrives_after: 1d}}
model: {name: late, task: binary, metric: log_loss}
deployment: {name: late-arrival, rollout: [100%]}
monitors:
  - {watch: features, window: 1d}
  - {watch: performance, metric: log_loss, window: 1d}
`;

const spec = {
  ...plainSpec,
  model: 'late',
  value: { truePositive: 12, falsePositive: -4, falseNegative: -6, trueNegative: 0 },
};

/** One example with its answer: carrier and temperature are what the model sees. */
export interface Flight {
  readonly id: string;
  readonly at: number;
  readonly carrier: string;
  readonly temperature: number | null;
  readonly probability: number;
}

/** The project `flights`, whose version 1 was trained on `training`, told by carrier and temperature. */
export async function setup(database: Database, training: readonly Omit<Flight, 'id' | 'at' | 'probability'>[]) {
  let now = START;
  const clock = { kind: 'system' as const, now: () => now };
  const folder = await realpath(await mkdtemp(join(tmpdir(), 'capstan-monitors-')));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const ids = randomIds;
  const jobs = createJobs({ database, clock, ids });
  const events = createEvents({ database, jobs, clock, ids });
  const blobs = await createBlobFs({ root: join(folder, 'blobs') });
  const analytics = createAnalyticsDuckdb({ temporaryFolder: folder });
  const base = { database, events, jobs, clock, ids, blobs, analytics };
  const projects = createProjects(base);
  await projects.apply({ folder, text: DECLARATION, dryRun: false, cause });
  const { digest } = await blobs.put(Buffer.from('a model'));
  const needs = untroubled(spec, digest);
  const deployments = createDeployments({ ...base, ...needs });
  const predictions = createPredictions({
    ...base,
    deployments,
    feedback: { register: async () => ({ id: 'none' }) },
  });
  const file = join(folder, 'training.csv');
  const lines = training.map(({ carrier, temperature }) => `${carrier},${temperature ?? ''}`);
  await writeFile(file, `carrier,temperature\n${lines.join('\n')}\n`);
  let isTrainingKnown = true;
  const monitors = createMonitors({
    ...base,
    projects,
    deployments,
    predictions,
    gates: {
      trainingRows: async () =>
        isTrainingKnown
          ? { tables: { t: [{ path: file, format: 'csv', label: 'training.csv' }] }, sql: 'select * from t' }
          : { unknown: 'nobody knows what it was trained on' },
    },
  });
  let segments = 0;

  return {
    monitors,
    events,
    setClock: (at: number) => (now = at),
    forgetTraining: () => (isTrainingKnown = false),
    /** The version is served to all. */
    async deploy(version: number): Promise<void> {
      const { revision } = await deployments.start(
        { deployment: 'late-arrival', version, verdictId: 'passed', baselineProbability: 0.25 },
        cause,
      );
      const { version: snapshotVersion } = await deployments.snapshot();
      const serving = [{ deployment: 'late-arrival', revision }];
      const counters = {
        rowsAnswered: 0,
        requestsFailed: 0,
        shadowRowsDropped: 0,
        segmentsWaiting: 0,
        segmentsRejected: 0,
      };
      const report = { url: 'http://127.0.0.1:1', snapshotVersion, serving, failures: [], loading: [], counters };
      await deployments.report('r1', report, { actor: 'replica:r1' });
      const [ended] = (await events.list({ type: 'rollout.ended', limit: 100 })).slice(-1);
      const context = { cause, attempt: 1, signal: AbortSignal.timeout(60_000) };
      await deploymentJobs({ events, models: needs.models })['deployments.promote'](
        { eventSeq: ended?.seq ?? 0 },
        context as never,
      );
    },
    /** One request, taken in now; `areInputsWritten` false: the job that writes them has not run. */
    async log(flights: readonly Flight[], areInputsWritten = true): Promise<string> {
      segments += 1;
      const id = `sg_${String(segments).padStart(12, '0')}`;
      const bytes = Buffer.from(`${JSON.stringify(recordOf(flights, id, now))}\n`);
      await predictions.ingest({ id, replica: 'r1', bytes });
      if (areInputsWritten) await predictions.writeFeatures(id, AbortSignal.timeout(60_000));
      return id;
    },
    writeInputs: (id: string) => predictions.writeFeatures(id, AbortSignal.timeout(60_000)),
    outcomes: (labels: readonly { readonly id: string; readonly label: 0 | 1; readonly at: number }[]) =>
      predictions.recordOutcomes('late-arrival', labels),
  };
}

function recordOf(flights: readonly Flight[], request: string, at: number): PredictionRecord {
  return {
    v: 1,
    request,
    deployment: 'late-arrival',
    rollout: null,
    stage: null,
    at,
    examples: flights.map(({ id }) => id),
    eventTimes: flights.map((flight) => flight.at),
    inputs: [
      { name: 'carrier', datatype: 'BYTES', width: 1, data: flights.map(({ carrier }) => carrier) },
      { name: 'temperature', datatype: 'FP32', width: 1, data: flights.map(({ temperature }) => temperature) },
    ],
    parts: [
      {
        role: 'champion',
        revision: 1,
        modelVersion: 1,
        share: 1,
        threshold: 0.5,
        shift: 0,
        rows: null,
        probabilities: flights.map(({ probability }) => probability),
        error: null,
        latencyUs: 10,
      },
    ],
  };
}
