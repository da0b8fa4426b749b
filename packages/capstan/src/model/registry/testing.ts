// For tests only: the registry over real experiments, on a real database and real files.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { createBlobFs } from '#adapters/blob-fs';
import type { Database } from '#database';
import { createEvents, type Events } from '#events';
import { createJobs } from '#jobs';
import { createExperiments, type Experiments } from '#model/experiments';
import { randomIds } from '#ports/ids';
import { createRegistry, type ModelRegistry, type ModelVersion, type Verdict } from './index.ts';

export const cause = { actor: 'test' };

interface RegistryBench {
  readonly registry: ModelRegistry;
  readonly experiments: Experiments;
  readonly events: Events;
  advance(ms: number): void;
  facts(): Promise<string[]>;
  /** A logged model in the default experiment; returns its id. */
  logModel(name?: string, sourceRunId?: string): Promise<string>;
  /** A version of a new logged model. */
  register(model: string): Promise<ModelVersion>;
}

export async function openRegistry(database: Database): Promise<RegistryBench> {
  let now = 1_700_000_000_000;
  const clock = { now: () => now };
  const folder = await mkdtemp(join(tmpdir(), 'capstan-registry-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const jobs = createJobs({ database, clock, ids: randomIds });
  const events = createEvents({ database, jobs, clock, ids: randomIds });
  const blobs = await createBlobFs({ root: folder });
  const deps = { database, events, jobs, clock, ids: randomIds, blobs };
  const experiments = createExperiments(deps);
  await experiments.ensureDefaultExperiment(cause);
  const registry = createRegistry({ ...deps, experiments });
  const logModel: RegistryBench['logModel'] = async (name, sourceRunId) =>
    (await experiments.createLoggedModel({ experimentId: '0', name, sourceRunId, cause })).id;
  return {
    registry,
    experiments,
    events,
    advance(ms) {
      now += ms;
    },
    facts: async () => (await events.list({ limit: 1_000 })).map((fact) => fact.type),
    logModel,
    async register(model) {
      const loggedModelId = await logModel();
      return await registry.createVersion({ model, source: `models:/${loggedModelId}`, loggedModelId, cause });
    },
  };
}

export function verdictOn(model: string, version: number, status: Verdict['status']): Verdict {
  const check = { check: 'better_than champion', status, value: 0.02, limit: 0, n: 800, reason: 'paired losses' };
  return { id: 'vd_1', model, version, status, checks: [check], evaluation: { datasetVersionId: 'dv_1' }, at: 1 };
}
