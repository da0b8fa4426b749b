// For tests only: the trash over experiments and the registry, on a real database and real files.
import { mkdtemp, rm, utimes } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { createBlobFs } from '#adapters/blob-fs';
import type { Database } from '#database';
import { createEvents, type Events } from '#events';
import { createJobs } from '#jobs';
import { artifactBlobs, createExperiments, type Experiments } from '#model/experiments';
import { createRegistry, versionReferences, type ModelRegistry } from '#model/registry';
import type { BlobStore, Digest } from '#ports/blob-store';
import { randomIds } from '#ports/ids';
import { createRetention, type Retention } from './index.ts';

export const cause = { actor: 'test' };
export const none = { experiments: [], runs: [], loggedModels: [] } as const;

export interface Bench {
  readonly experiments: Experiments;
  readonly registry: ModelRegistry;
  readonly retention: Retention;
  readonly events: Events;
  readonly database: Database;
  readonly blobs: BlobStore;
  advance(ms: number): void;
  /** A run with a file, a metric, a param and a dataset. */
  makeRun(experimentId: string, content: string): Promise<string>;
  blobsLeft(): Promise<Digest[]>;
  /** Makes a blob look as if it had been put that long ago. */
  age(digest: Digest, ms: number): Promise<void>;
}

export async function openBench(
  database: Database,
  policy: { retentionMs?: number | null; graceMs?: number } = {},
): Promise<Bench> {
  let now = 1_700_000_000_000;
  const clock = { now: () => now };
  const folder = await mkdtemp(join(tmpdir(), 'capstan-retention-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const jobs = createJobs({ database, clock, ids: randomIds });
  const events = createEvents({ database, jobs, clock, ids: randomIds });
  const blobs = await createBlobFs({ root: folder });
  const deps = { database, events, jobs, clock, ids: randomIds, blobs };
  const experiments = createExperiments(deps);
  await experiments.ensureDefaultExperiment(cause);
  const registry = createRegistry({ ...deps, experiments });
  const retention = createRetention({
    ...deps,
    experiments,
    references: async (reader) =>
      (await versionReferences(reader)).map((version) => ({
        ...version,
        by: `model version ${version.model}/${version.version}`,
      })),
    emptyExperiment: async () => 0,
    holders: [artifactBlobs(database)],
    policy: { retentionMs: policy.retentionMs ?? null, graceMs: policy.graceMs ?? 0 },
  });
  return {
    experiments,
    registry,
    retention,
    events,
    database,
    blobs,
    advance(ms) {
      now += ms;
    },
    async makeRun(experimentId, content) {
      const { id } = await experiments.createRun({ experimentId, name: 'r', cause });
      const metrics = [0, 1, 2].map((step) => ({ key: 'loss', value: 1 / (step + 1), timestamp: now, step }));
      await experiments.logBatch({ runId: id, metrics, params: [{ key: 'depth', value: '3' }], cause });
      const dataset = {
        name: 'd',
        digest: id,
        sourceType: 'local',
        source: '{}',
        schema: null,
        profile: null,
        tags: [],
      };
      await experiments.logInputs({ runId: id, datasets: [dataset], models: [], cause });
      const bytes = Buffer.from(content);
      await experiments.putArtifact({ owner: { kind: 'run', id }, path: 'model/file.txt', bytes, cause });
      return id;
    },
    async age(digest, ms) {
      const then = new Date(Date.now() - ms);
      await utimes(join(folder, 'sha256', digest.slice(7, 9), digest.slice(9)), then, then);
    },
    async blobsLeft() {
      const left: Digest[] = [];
      for await (const { digest } of blobs.list(0)) left.push(digest);
      return left;
    },
  };
}
