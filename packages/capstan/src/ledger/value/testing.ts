// For tests only: value over real projects, deployments and logged answers; which models exist is told by the test.
import { mkdtemp, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { PredictionRecord, RecordedPart } from '@capstan/api';
import { onTestFinished } from 'vitest';
import { createAnalyticsDuckdb } from '#adapters/analytics-duckdb';
import { createBlobFs } from '#adapters/blob-fs';
import type { Database } from '#database';
import { createProjects } from '#design/projects';
import { createEvents } from '#events';
import { createJobs } from '#jobs';
import { createDeployments, type DeploymentSpec } from '#operations/deployments';
import { createPredictions, type Outcome } from '#operations/predictions';
import { plainSpec, untroubled } from '#operations/testing';
import { randomIds } from '#ports/ids';
import { createValue } from './index.ts';

const DECLARATION = `project: flights
charter:
  owner: operations
  decision: Warn a passenger when the flight is likely to be late
  value: {currency: USD, true_positive: 12, false_positive: -4, false_negative: -6, true_negative: 0}
  loss_budget: {amount: 100, window: 24h, on_exhausted: fallback}
model: {name: late, task: binary, metric: log_loss}
deployment: {name: late-arrival, rollout: [shadow: 2, canary: 25%, 100%]}
`;

const spec: DeploymentSpec = {
  ...plainSpec,
  model: 'late',
  value: { truePositive: 12, falsePositive: -4, falseNegative: -6, trueNegative: 0 },
  lossBudget: { amount: 100, windowMs: 86_400_000, onExhausted: 'fallback' },
};

const cause = { actor: 'test' };
export const THRESHOLD = 0.2;

/** One answer as a data plane logs it. */
export interface Answer {
  readonly id: string;
  readonly at: number;
  /** When what it is about happens; left out: `at`. */
  readonly eventTime?: number;
  /** Null: the model failed. */
  readonly probability: number | null;
  readonly role?: RecordedPart['role'];
  readonly version?: number;
}

/** The project `flights` with its deployment `late-arrival`, which answers by version 1 from `start` on. */
export async function setup(database: Database, start: number) {
  let now = start;
  const clock = { kind: 'system' as const, now: () => now };
  const folder = await realpath(await mkdtemp(join(tmpdir(), 'capstan-value-')));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const jobs = createJobs({ database, clock, ids: randomIds });
  const events = createEvents({ database, jobs, clock, ids: randomIds });
  const blobs = await createBlobFs({ root: join(folder, 'blobs') });
  const { digest } = await blobs.put(Buffer.from('a model'));
  const base = { database, events, jobs, clock, ids: randomIds, blobs };
  const projects = createProjects(base);
  await projects.apply({ folder, text: DECLARATION, dryRun: false, cause });
  const deployments = createDeployments({ ...base, ...untroubled(spec, digest) });
  const predictions = createPredictions({
    ...base,
    deployments,
    analytics: createAnalyticsDuckdb({ temporaryFolder: folder }),
    feedback: { register: async () => ({ id: 'none' }) },
  });
  const deploy = () =>
    deployments.start({ deployment: 'late-arrival', version: 1, verdictId: 'passed', baselineProbability: 0.1 }, cause);
  let segments = 0;
  return {
    deployments,
    deploy,
    value: createValue({ database, clock, projects, deployments, predictions }),
    /** Time goes on to an instant. */
    setClock: (at: number) => (now = at),
    /** Logs answers, one request each, as received at their time. */
    async log(answers: readonly Answer[]): Promise<void> {
      segments += 1;
      const id = `sg_${String(segments).padStart(12, '0')}`;
      const lines = answers.map((answer, index) => JSON.stringify(record(answer, `${id}-${index}`)));
      await predictions.ingest({ id, replica: 'r1', bytes: Buffer.from(`${lines.join('\n')}\n`) });
    },
    outcomes: (outcomes: readonly Outcome[]) => predictions.recordOutcomes('late-arrival', outcomes),
    judge: () => predictions.judge('late-arrival', true, cause),
  };
}

function record(answer: Answer, request: string): PredictionRecord {
  const { id, at, eventTime = at, probability, role = 'champion', version = 1 } = answer;
  return {
    v: 1,
    request,
    deployment: 'late-arrival',
    rollout: null,
    stage: null,
    at,
    examples: [id],
    eventTimes: [eventTime],
    inputs: role === 'shadow' ? null : [],
    parts: [
      {
        role,
        revision: version,
        modelVersion: version,
        share: role === 'direct' ? 0 : 1,
        threshold: THRESHOLD,
        shift: 0,
        rows: null,
        probabilities: probability === null ? null : [probability],
        error: probability === null ? 'out of memory' : null,
        latencyUs: 10,
      },
    ],
  };
}
