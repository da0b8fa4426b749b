// What a stage costs on a Ray cluster beyond its own time: as a task of the resident driver, and as a Ray job of its own,
// on one cluster in one run. node bench/ray.bench.ts [stages] [jobs]
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { createExecutorLocal } from '../packages/capstan/src/adapters/executor-local/index.ts';
import { createExecutorRay } from '../packages/capstan/src/adapters/executor-ray/index.ts';
import { createRayJobs, hasJobEnded } from '../packages/capstan/src/adapters/executor-ray/ray-jobs.ts';
import type { Executor } from '../packages/capstan/src/ports/executor.ts';
import { findRay } from '../tests/support/python.ts';
import { startRayCluster, type RayCluster } from '../tests/support/ray-cluster.ts';
import { median, tell } from './measure.ts';

const stages = Number(process.argv[2] ?? 30);
const jobs = Number(process.argv[3] ?? 5);
let number = 0;
const home = mkdtempSync(join(tmpdir(), 'capstan-bench-'));

async function timed(work: () => Promise<void>): Promise<number> {
  const beganMs = performance.now();
  await work();
  return performance.now() - beganMs;
}

async function stagesOn(executor: Executor, withFiles: boolean): Promise<number> {
  const root = join(home, 'root');
  mkdirSync(root, { recursive: true });
  const times: number[] = [];
  for (let index = 0; index < stages; index++) {
    const attemptId = `bench-${process.pid}-${number++}`;
    const work = async (): Promise<void> => {
      const execution = await executor.start({
        attemptId,
        command: withFiles ? 'echo made > out' : 'true',
        cwd: root,
        env: { PATH: '/usr/bin:/bin' },
        logFile: join(home, 'log'),
        timeoutMs: 60_000,
        graceMs: 1000,
        ...(withFiles && { files: { root, writes: ['out'] } }),
      });
      const { outcome } = await execution.done;
      if (outcome !== 'succeeded') throw new Error(`a stage ${outcome}`);
    };
    times.push(await timed(work));
  }
  return median(times);
}

/** As Ray's users do without a driver: submitted, and asked for until it has ended. */
async function oneJob({ address, token }: RayCluster): Promise<void> {
  const api = createRayJobs(address, token);
  const id = await api.submit({ entrypoint: 'true', runtime_env: { env_vars: {} }, metadata: {} });
  for (;;) {
    const job = await api.get(id);
    if (job && hasJobEnded(job)) return;
    await sleep(10);
  }
}

const cluster = await startRayCluster(await findRay(), 2);
const ray = createExecutorRay({ address: cluster.address, token: cluster.token, owner: home });
try {
  const local = await stagesOn(createExecutorLocal(), false);
  const first = await timed(async () => void (await stagesOn(ray, false)));
  const bare = await stagesOn(ray, false);
  const carried = await stagesOn(ray, true);
  const times: number[] = [];
  for (let index = 0; index < jobs; index++) times.push(await timed(async () => await oneJob(cluster)));
  const job = median(times);
  tell([
    { name: 'a stage on this machine', value: local, unit: 'ms', goal: '≤ 5' },
    { name: `the driver's start and ${stages} stages`, value: first, unit: 'ms', goal: '-' },
    { name: 'a stage as a task of the driver', value: bare, unit: 'ms', goal: '≤ 60' },
    { name: 'the same with files both ways', value: carried, unit: 'ms', goal: '≤ 60' },
    { name: 'a stage as a Ray job', value: job, unit: 'ms', goal: '-' },
    { name: 'times sooner than a job', value: job / bare, unit: '×', goal: '≥ 20' },
  ]);
} finally {
  await ray.close();
  await cluster.stop();
  rmSync(home, { recursive: true, force: true });
}
