// For tests only: gates on a real database, DuckDB, ONNX Runtime, registry and datasets; which pipeline run made a model is
// told by the test.
import { mkdir, mkdtemp, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { GateVerdict, PipelineRun } from '@capstan/api';
import { onTestFinished } from 'vitest';
import { createAnalyticsDuckdb } from '#adapters/analytics-duckdb';
import { createBlobFs } from '#adapters/blob-fs';
import { createRuntimeOnnx } from '#adapters/runtime-onnx';
import { createDatasets, type Datasets } from '#data/datasets';
import type { Database } from '#database';
import { createProjects } from '#design/projects';
import { createEvents, type Events } from '#events';
import { createJobs } from '#jobs';
import { seededRandom } from '#kernel/statistics/testing/seeded-random';
import { createExperiments } from '#model/experiments';
import { createRegistry, type ModelRegistry } from '#model/registry';
import { randomIds } from '#ports/ids';
import { createGates, type Gates } from './index.ts';
import { logisticModel } from './onnx-testing.ts';

export const cause = { actor: 'test' };
export const DAY = 86_400_000;
export const START = Date.parse('2013-04-01T00:00:00Z');

export interface Row {
  readonly time: number;
  readonly x: number;
  readonly carrier: string;
  readonly late: 0 | 1 | null;
}

/** What made the data of `rowsFrom`, and a model that has learnt little of it. */
export const GOOD = { weight: 1.5, bias: -1 };
export const STALE = { weight: 0.2, bias: -1 };

/** A row a minute, late with the chance sigmoid(1.5 x − 1). */
export function rowsFrom(from: number, count: number, seed: number): Row[] {
  const random = seededRandom(seed);
  return Array.from({ length: count }, (_, index) => {
    const x = random.normal();
    const late = random.chance(1 / (1 + Math.exp(-(1.5 * x - 1)))) ? 1 : 0;
    return { time: from + index * 60_000, x, carrier: index % 3 === 0 ? 'AA' : 'UA', late } as const;
  });
}

export function checkOf(verdict: GateVerdict, name: string) {
  const check = verdict.checks.find((each) => each.check === name);
  if (!check) throw new Error(`no check ${name} among ${verdict.checks.map((each) => each.check).join(', ')}`);
  return check;
}

export interface GatesBench {
  readonly gates: Gates;
  readonly registry: ModelRegistry;
  readonly datasets: Datasets;
  readonly events: Events;
  readonly folder: string;
  /** Declares the project `shop` with these gates. */
  declare(gates: string, more?: { readonly risk?: string; readonly model?: string }): Promise<void>;
  /** Registers rows as an accepted version of `flights` that holds them alone. */
  register(rows: readonly Row[], accepted?: boolean): Promise<string>;
  /** A logistic model of the data, made by a pipeline run that read `trainedOn`; null for one that no pipeline made. */
  makeVersion(
    model: { readonly weight: number; readonly bias: number; readonly input?: string },
    trainedOn: string | null,
  ): Promise<number>;
  /** How many rows `trainingRows` gives. */
  countTraining(version: number): Promise<number>;
  makeChampion(version: number): Promise<void>;
  advance(ms: number): void;
}

export async function openGatesBench(database: Database): Promise<GatesBench> {
  const root = await realpath(await mkdtemp(join(tmpdir(), 'capstan-gates-')));
  onTestFinished(() => rm(root, { recursive: true, force: true }));
  const folder = join(root, 'project');
  await mkdir(join(folder, 'data', 'flights'), { recursive: true });
  let now = START + 30 * DAY;
  const clock = { now: () => now };
  const ids = randomIds;
  const jobs = createJobs({ database, clock, ids });
  const events = createEvents({ database, clock, ids, jobs });
  const projects = createProjects({ database, events, clock });
  const blobs = await createBlobFs({ root: join(root, 'blobs') });
  const analytics = createAnalyticsDuckdb({ temporaryFolder: join(root, 'spill') });
  const datasets = createDatasets({
    database,
    events,
    clock,
    ids,
    blobs,
    analytics,
    projects,
    temporaryFolder: join(root, 'tmp'),
  });
  const experiments = createExperiments({ database, events, jobs, clock, ids, blobs });
  const registry = createRegistry({ database, events, clock, ids, blobs, experiments });
  const runs = new Map<string, PipelineRun>();
  const lineage = { madeIn: async (runId: string) => runs.get(runId) };
  const runtime = createRuntimeOnnx();
  const gates = createGates({
    database,
    events,
    clock,
    ids,
    blobs,
    analytics,
    runtime,
    projects,
    datasets,
    registry,
    lineage,
  });
  const experimentId = (await experiments.createExperiment({ name: 'shop', cause })).id;
  await registry.createModel({ name: 'm', cause });

  return {
    gates,
    registry,
    datasets,
    events,
    folder,
    async declare(declared, { risk = 'low', model = '{name: m, task: binary, metric: log_loss}' } = {}) {
      const text = `project: shop
charter:
  owner: tests
  decision: none
  risk: ${risk}
  value: {currency: USD, true_positive: 1, false_positive: -1, false_negative: -1, true_negative: 0}
datasets:
  flights: {path: data/flights/*.csv, event_time: time, label: {column: late, arrives_after: 1d}}
  planes: {path: data/planes/*.csv}
model: ${model}
gates:
${declared}
`;
      await projects.apply({ folder, text, dryRun: false, cause });
    },
    async register(rows, accepted = true) {
      const lines = rows.map(
        ({ time, x, carrier, late }) => `${new Date(time).toISOString()},${x},${carrier},${late ?? ''}`,
      );
      await writeFile(join(folder, 'data', 'flights', 'all.csv'), `time,x,carrier,late\n${lines.join('\n')}\n`);
      const { id } = await datasets.registerFromFolder({ project: 'shop', dataset: 'flights', replace: true, cause });
      const profiled = await datasets.scan(id);
      const status = accepted ? 'accepted' : 'quarantined';
      await datasets.settle({ versionId: id, status, profiled, report: { suite: null, results: [] } }, cause);
      return id;
    },
    async makeVersion({ weight, bias, input }, trainedOn) {
      const run = await experiments.createRun({ experimentId, cause });
      const owner = { kind: 'run', id: run.id } as const;
      const description = 'flavors:\n  onnx: {data: model.onnx}\n';
      await experiments.putArtifact({
        owner,
        path: 'model/model.onnx',
        bytes: logisticModel(weight, bias, input),
        cause,
      });
      await experiments.putArtifact({ owner, path: 'model/MLmodel', bytes: Buffer.from(description), cause });
      if (trainedOn !== null) runs.set(run.id, await pipelineRun(run.id, trainedOn));
      const version = await registry.createVersion({
        model: 'm',
        source: `runs:/${run.id}/model`,
        runId: run.id,
        cause,
      });
      return version.version;
    },
    async countTraining(version) {
      const rows = await gates.trainingRows('shop', 'm', version);
      if ('unknown' in rows) throw new Error(rows.unknown);
      const { n } = await analytics.queryColumns({
        ...rows,
        sql: `select cast(count(*) as double) as n from (${rows.sql}) r`,
      });
      return Number(n?.[0]);
    },
    makeChampion: (version) => registry.setAlias({ model: 'm', alias: 'champion', version, cause }),
    advance(ms) {
      now += ms;
    },
  };

  async function pipelineRun(runId: string, versionId: string): Promise<PipelineRun> {
    const { dataset, number, digest } = await datasets.get(versionId);
    const attempt = {
      id: `sa_${runId}`,
      number: 1,
      status: 'succeeded',
      reason: null,
      runId,
      startedAt: now,
      endedAt: now,
    } as const;
    const usage = { exitCode: 0, signal: null, durationMs: 1, cpuMs: null, peakMemoryBytes: null, machine: null };
    const stage = { name: 'train', description: null, command: 'train', status: 'succeeded' } as const;
    return {
      id: `pr_${runId}`,
      project: 'shop',
      number: runs.size + 1,
      source: 'server',
      place: null,
      isLost: false,
      status: 'succeeded',
      phase: 'ended',
      reason: null,
      cutoff: null,
      cycle: null,
      actor: 'test',
      modelVersions: [],
      createdAt: now,
      startedAt: now,
      endedAt: now,
      revision: 1,
      inputs: [{ dataset, versionId, number, digest, used: { versionId, number, digest }, path: 'data/flights' }],
      params: {},
      codeDigest: 'md5:1',
      gitCommit: null,
      environmentKey: 'env',
      executor: 'local',
      keepGoing: false,
      stageTimeoutMs: 1_000,
      isCancelRequested: false,
      stages: [
        {
          ...stage,
          after: [],
          inputs: [],
          outputs: [],
          isCached: false,
          because: null,
          why: [],
          reason: null,
          runId,
          report: null,
          attempts: [{ ...attempt, ...usage }],
        },
      ],
    };
  }
}
