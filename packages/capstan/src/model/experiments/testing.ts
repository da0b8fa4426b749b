// For tests only: the module on a real database and real files, with a clock the test moves.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { createBlobFs } from '#adapters/blob-fs';
import type { Database } from '#database';
import { createEvents, type Events } from '#events';
import { createJobs } from '#jobs';
import { randomIds } from '#ports/ids';
import { createExperiments, type Experiments } from './index.ts';

export const cause = { actor: 'test' };

export interface Bench {
  readonly experiments: Experiments;
  readonly events: Events;
  readonly database: Database;
  readonly clock: { now(): number };
  /** Moves time forward. */
  advance(ms: number): void;
  /** Types of the facts so far. */
  facts(): Promise<string[]>;
  /** A new run in the default experiment. */
  startRun(name?: string): Promise<string>;
}

export const START = 1_700_000_000_000;

export async function openBench(database: Database): Promise<Bench> {
  let now = START;
  const clock = { now: () => now };
  const folder = await mkdtemp(join(tmpdir(), 'capstan-experiments-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const jobs = createJobs({ database, clock, ids: randomIds });
  const events = createEvents({ database, jobs, clock, ids: randomIds });
  const blobs = await createBlobFs({ root: folder });
  const experiments = createExperiments({ database, events, jobs, clock, ids: randomIds, blobs });
  await experiments.ensureDefaultExperiment(cause);
  return {
    experiments,
    events,
    database,
    clock,
    advance(ms) {
      now += ms;
    },
    facts: async () => (await events.list({ limit: 1_000 })).map((fact) => fact.type),
    startRun: async (name) => (await experiments.createRun({ experimentId: '0', name, cause })).id,
  };
}
