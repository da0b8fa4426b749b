// For tests only: sweeps on a real database and real experiments, over pipeline runs that a test ends as it likes.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { onTestFinished } from 'vitest';
import type { PipelineRun } from '@capstan/api';
import { createBlobFs } from '#adapters/blob-fs';
import type { Database } from '#database';
import { createEvents, type Events } from '#events';
import { createJobs } from '#jobs';
import { conflict, invalid } from '#kernel/errors';
import { createExperiments, type Experiments } from '#model/experiments';
import { randomIds } from '#ports/ids';
import type { SweepsDeps } from './deps.ts';
import { createSweeps, type Sweeps } from './index.ts';
import type { StartSweep } from './service.ts';

const cause = { actor: 'test' };

interface KnownRun {
  readonly id: string;
  readonly key: string;
  readonly params: Readonly<Record<string, unknown>>;
  status: PipelineRun['status'];
  runId: string | null;
}

export interface Bench {
  readonly sweeps: Sweeps;
  readonly experiments: Experiments;
  readonly events: Events;
  /** Every pipeline run there is, in the order of their starts. */
  readonly runs: KnownRun[];
  /** Called when a run is about to be started (`asked`) and when it has been (`started`): may throw, as a kill does. */
  onStart: (when: 'asked' | 'started') => void;
  begin(request?: Partial<StartSweep>): Promise<string>;
  /** What a job does; another one after each end. */
  advance(id: string, tick?: number): Promise<void>;
  /** Logs values of the metric, at steps from 0 on. */
  log(run: KnownRun, ...values: number[]): Promise<void>;
}

export async function openBench(database: Database, changes: Partial<SweepsDeps> = {}): Promise<Bench> {
  const folder = await mkdtemp(join(tmpdir(), 'capstan-sweeps-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const clock = { now: () => Date.now() };
  const jobs = createJobs({ database, clock, ids: randomIds });
  const events = createEvents({ database, jobs, clock, ids: randomIds });
  const blobs = await createBlobFs({ root: folder });
  const experiments = createExperiments({ database, events, jobs, clock, ids: randomIds, blobs });
  const experiment = await experiments.ensureExperiment({ name: 'shop', cause });
  const runs: KnownRun[] = [];
  const found = (id: string): KnownRun => {
    const run = runs.find((each) => each.id === id);
    if (!run) throw new Error(`no run ${id}`);
    return run;
  };
  const runOf = ({ id, status, runId }: KnownRun) =>
    ({
      id,
      status,
      reason: status === 'failed' ? 'it broke' : null,
      stages: [{ runId, attempts: [] }],
    }) as unknown as PipelineRun;
  const bench = { onStart: (): void => {} } as unknown as Bench;
  const sweeps = createSweeps({
    database,
    events,
    jobs,
    clock,
    ids: randomIds,
    log: pino({ level: 'silent' }),
    experiments,
    projects: { get: async (name) => ({ name, declaration: {} }) },
    pipelines: {
      async start({ requestKey: key = '', params }) {
        bench.onStart('asked');
        const known = runs.find((run) => run.key === key);
        const run: KnownRun = known ?? { id: randomIds.next('pr'), key, params, status: 'running', runId: null };
        if (!known) runs.push(run);
        bench.onStart('started');
        return runOf(run);
      },
      get: async (id) => runOf(found(id)),
      async cancel(id) {
        const run = found(id);
        if (run.status !== 'running' && run.status !== 'cancelled') throw conflict('it has ended');
        run.status = 'cancelled';
        return runOf(run);
      },
      async inputsFor({ params }) {
        for (const key of Object.keys(params['params.yaml'] ?? {})) {
          if (!['depth', 'rate'].includes(key))
            throw invalid(`There is no parameter '${key}'`, {
              field: `params.params.yaml.${key}`,
              hint: 'Did you mean depth?',
            });
        }
        return [];
      },
    },
    optuna: { ask: () => Promise.reject(new Error('not asked for')) },
    ...changes,
  });
  return Object.assign(bench, {
    sweeps,
    experiments,
    events,
    runs,
    async begin(request: Partial<StartSweep> = {}) {
      const { id } = await sweeps.start({
        project: 'shop',
        method: 'random',
        params: { depth: { type: 'int', min: 1, max: 9, log: false } },
        metric: { name: 'loss', goal: 'minimise' },
        maxTrials: 5,
        parallel: 2,
        seed: 1,
        maxFailedShare: 0.5,
        cause,
        ...request,
      });
      return id;
    },
    advance: (id: string, tick?: number) =>
      sweeps.advance(id, {
        cause,
        signal: new AbortController().signal,
        isLastTry: false,
        ...(tick !== undefined && { tick }),
      }),
    async log(run: KnownRun, ...values: number[]) {
      run.runId ??= (
        await experiments.createRun({
          experimentId: experiment.id,
          name: run.id,
          userId: 'test',
          startTime: 0,
          tags: [],
          cause,
        })
      ).id;
      const metrics = values.map((value, step) => ({ key: 'loss', value, timestamp: 0, step }));
      await experiments.logBatch({ runId: run.runId, metrics, cause });
    },
  });
}
