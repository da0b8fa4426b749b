// For tests only: consumers over real projects, deployments and jobs.
import { mkdtemp, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { CallCount } from '@capstan/api';
import { onTestFinished } from 'vitest';
import { createBlobFs } from '#adapters/blob-fs';
import type { Database } from '#database';
import { createProjects } from '#design/projects';
import { createEvents } from '#events';
import { createJobs } from '#jobs';
import { createDeployments } from '#operations/deployments';
import { plainSpec, untroubled } from '#operations/testing';
import { randomIds } from '#ports/ids';
import { consumerJobs, createConsumers } from './index.ts';

export const cause = { actor: 'test' };
export const START = Date.parse('2026-05-04T00:00:00Z');

/** The deployment `late-arrival` of the project `flights`, which has not been declared yet. */
export async function openConsumersBench(database: Database) {
  let now = START;
  const clock = { kind: 'system' as const, now: () => now };
  const folder = await realpath(await mkdtemp(join(tmpdir(), 'capstan-consumers-')));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const ids = randomIds;
  const jobs = createJobs({ database, clock, ids });
  const events = createEvents({ database, jobs, clock, ids });
  const blobs = await createBlobFs({ root: join(folder, 'blobs') });
  const base = { database, events, jobs, clock, ids, blobs };
  const { digest } = await blobs.put(Buffer.from('a model'));
  const deployments = createDeployments({ ...base, ...untroubled(plainSpec, digest) });
  await deployments.start({ deployment: plainSpec.deployment, version: 1, verdictId: 'passed' }, cause);
  const projects = createProjects(base);
  const consumers = createConsumers({ ...base, projects, deployments });
  const handlers = consumerJobs(consumers, events);
  return {
    consumers,
    deployments,
    events,
    advance: (ms: number) => (now += ms),
    /** What data planes are told of consumers. */
    access: async () => (await deployments.snapshot()).access ?? { consumers: [], declaredOnly: [] },
    facts: async () => (await events.list({ limit: 1_000 })).map(({ type }) => type),
    /** Applies a declaration of `flights`, or of another project, and does what follows from it. */
    async apply(rest: string, { project = 'flights' } = {}) {
      await projects.apply({ folder, text: declarationOf(project) + rest, dryRun: false, cause });
      const applied = (await events.list({ type: 'project.applied', limit: 100 })).at(-1);
      await handlers['consumers.apply'](
        { eventSeq: applied?.seq ?? 0 },
        { jobId: 'j1', attempt: 1, signal: AbortSignal.timeout(60_000), cause },
      );
    },
  };
}

function declarationOf(project: string): string {
  return `project: ${project}
charter:
  owner: operations
  decision: Warn a passenger when the flight is likely to be late
  value: {currency: USD, true_positive: 12, false_positive: -4, false_negative: -6, true_negative: 0}
model: {name: late, task: binary, metric: log_loss}
`;
}

/** What a data plane counted of one caller. */
export function countOf(change: Partial<CallCount>): CallCount {
  return {
    deployment: plainSpec.deployment,
    hour: START,
    consumer: null,
    token: null,
    agent: '',
    address: '',
    requests: 1,
    rows: 1,
    errors: 0,
    refused: 0,
    lastAt: START,
    ...change,
  };
}
