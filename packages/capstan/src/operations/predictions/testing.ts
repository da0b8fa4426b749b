// For tests only: logged predictions of a deployment, exported into a real dataset that real expectations check.
import type { DatasetVersion, PredictionRecord } from '@capstan/api';
import { openDataBench } from '#data/testing';
import type { Database } from '#database';
import { createJobs } from '#jobs';
import { createDeployments } from '#operations/deployments';
import type { DataRow } from '#ports/analytics';
import { plainSpec, untroubled } from '#operations/testing';
import { randomIds } from '#ports/ids';
import { encodeRecord, type LoggedRequest } from '#ports/prediction-log';
import { createPredictions } from './index.ts';
import { logFiles } from './log/log.store.ts';

export const cause = { actor: 'test' };
export const DAY_MS = 86_400_000;
/** A Monday. */
export const START = Date.parse('2013-04-01T00:00:00Z');

/** One example with its answer. */
export interface Asked {
  readonly id: string;
  readonly at: number;
  readonly carrier?: string;
  /** Of the revision that answers. */
  readonly revision?: number;
}

export async function openFeedbackBench(database: Database) {
  const bench = await openDataBench(database);
  await bench.declare(
    `  feedback: {path: data/feedback/*.parquet, event_time: event_time, key: [example_id], from: predictions}`,
  );
  const clock = { kind: 'system' as const, now: () => bench.clock.time };
  const base = { ...bench, clock, ids: randomIds, jobs: createJobs({ database, clock, ids: randomIds }) };
  const { digest } = await bench.blobs.put(Buffer.from('a model'));
  const deployments = createDeployments({ ...base, ...untroubled(plainSpec, digest) });
  await deployments.start({ deployment: 'late-arrival', version: 1, verdictId: 'passed' }, cause);
  const predictions = createPredictions({
    ...base,
    deployments,
    feedback: {
      register: (request) => bench.datasets.registerFiles({ ...request, origin: 'predictions', replace: true }),
    },
  });
  let segments = 0;

  return {
    ...bench,
    predictions,
    /** One request, answered and taken in; `areInputsWritten` false: the job that writes them has not run. */
    async log(asked: readonly Asked[], { areInputsWritten = true, more = {} as Record<string, number | string> } = {}) {
      segments += 1;
      const id = `sg_${String(segments).padStart(12, '0')}`;
      const bytes = Buffer.from(`${JSON.stringify(recordOf(asked, id, bench.clock.time + segments, more))}\n`);
      await predictions.ingest({ id, replica: 'r1', bytes });
      if (areInputsWritten) await predictions.writeFeatures(id, AbortSignal.timeout(60_000));
      return id;
    },
    /** Takes these records in as one segment and writes them. */
    async take(records: readonly PredictionRecord[]): Promise<void> {
      segments += 1;
      const id = `sg_${String(segments).padStart(12, '0')}`;
      const bytes = Buffer.from(records.map((record) => `${JSON.stringify(record)}\n`).join(''));
      await predictions.ingest({ id, replica: 'r1', bytes });
      await predictions.writeFeatures(id, AbortSignal.timeout(60_000));
    },
    /** The same as data planes write them now. */
    async takeFrames(records: readonly LoggedRequest[]): Promise<void> {
      segments += 1;
      const id = `sg_${String(segments).padStart(12, '0')}`;
      await predictions.ingest({ id, replica: 'r1', bytes: Buffer.concat(records.map(encodeRecord)) });
      await predictions.writeFeatures(id, AbortSignal.timeout(60_000));
    },
    logFiles: () => logFiles(database.read, { from: 0, to: Number.MAX_SAFE_INTEGER }),
    writeInputs: (id: string) => predictions.writeFeatures(id, AbortSignal.timeout(60_000)),
    outcomes: (labels: Readonly<Record<string, 0 | 1>>) =>
      predictions.recordOutcomes(
        'late-arrival',
        Object.entries(labels).map(([id, label]) => ({ id, label })),
      ),
    /** Exports up to a day (from the start), checks the version and gives it. */
    async exportBefore(day: number, more: { from?: number; labelColumn?: string } = {}): Promise<DatasetVersion> {
      const { versionId } = await predictions.exportLabelled(
        {
          project: 'flights',
          deployment: 'late-arrival',
          dataset: 'feedback',
          labelColumn: 'late',
          from: 0,
          before: START + day * DAY_MS,
          ...more,
        },
        cause,
      );
      await bench.checkAll();
      return await bench.datasets.get(versionId);
    },
    /** `id label` of every row, by event time. */
    async contents({ id }: DatasetVersion): Promise<string[]> {
      const rows = await bench.analytics.query({
        tables: { t: await bench.datasets.files(id) },
        sql: 'select * from t order by event_time, example_id',
      });
      return rows.map((row: DataRow) => `${row['example_id'] as string} ${row['late'] as number}`);
    },
  };
}

export type FeedbackBench = Awaited<ReturnType<typeof openFeedbackBench>>;

function recordOf(
  asked: readonly Asked[],
  request: string,
  at: number,
  more: Readonly<Record<string, number | string>>,
): PredictionRecord {
  const revision = asked[0]?.revision ?? 1;
  return {
    v: 1,
    request,
    deployment: 'late-arrival',
    rollout: null,
    stage: null,
    at,
    examples: asked.map(({ id }) => id),
    eventTimes: asked.map((each) => each.at),
    inputs: [
      { name: 'carrier', datatype: 'BYTES', width: 1, data: asked.map(({ carrier = 'UA' }) => carrier) },
      ...Object.entries(more).map(([name, value]) => ({
        name,
        // 64-bit integers past 2^53 are logged as text.
        datatype: typeof value === 'string' ? 'INT64' : 'FP32',
        width: 1,
        data: asked.map(() => value),
      })),
    ],
    parts: [
      {
        role: 'champion',
        revision,
        modelVersion: revision,
        share: 1,
        threshold: 0.5,
        shift: 0,
        rows: null,
        probabilities: asked.map(() => 0.5),
        error: null,
        latencyUs: 10,
      },
    ],
  };
}
