// `capstan import mlflow` from a database of 10,000 runs with 20 params, 20 tags and 20 metrics each, 1.2 million points in
// all, into an empty Capstan on SQLite; then the same again, with nothing new. node bench/import.bench.ts
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createMlflowExport } from '../packages/capstan/src/adapters/mlflow-export/index.ts';
import { program, startServer } from '../tests/support/server.ts';
import { memoryOf, tell } from './measure.ts';

const RUNS = 10_000;
const KEYS = 20;
const POINTS_A_METRIC = 6;
const START = 1_700_000_000_000;

const folder = mkdtempSync(join(tmpdir(), 'capstan-bench-'));
const source = join(folder, 'mlflow');
await makeSource();
const server = await startServer();
const first = await importOnce();
const second = await importOnce();
const serverMb = memoryOf(server.pid);
const serverSeconds = processorSecondsOf(server.pid);
await server.stop();
await rm(folder, { recursive: true, force: true });

const points = RUNS * KEYS * POINTS_A_METRIC;
tell([
  { name: 'points brought, with all else', value: points / first.seconds, unit: 'points/s', goal: '≥ 100000' },
  {
    name: 'points a second of the server’s processor',
    value: points / serverSeconds,
    unit: 'points/s',
    goal: '≥ 100000',
  },
  { name: 'runs brought', value: RUNS / first.seconds, unit: 'runs/s', goal: 'none' },
  { name: 'memory of the import, greatest', value: first.memoryMb, unit: 'MB', goal: '≤ 600' },
  { name: 'memory of the server, after it', value: serverMb, unit: 'MB', goal: 'none' },
  { name: 'again, nothing new', value: second.seconds, unit: 's', goal: '≤ 10' },
]);

async function makeSource(): Promise<void> {
  const sink = createMlflowExport(source);
  const experiment = {
    id: '1',
    name: 'bench',
    lifecycle: 'active',
    createdAt: START,
    updatedAt: START,
    tags: {},
  } as const;
  sink.experiments([experiment]);
  const named = (prefix: string, value: string) =>
    Object.fromEntries(Array.from({ length: KEYS }, (_, index) => [`${prefix}${index}`, value]));
  for (let number = 0; number < RUNS; number++) {
    const id = number.toString(16).padStart(32, '0');
    sink.runs([
      {
        id,
        experimentId: '1',
        name: `run ${number}`,
        user: 'bench',
        status: 'FINISHED',
        startTime: START + number,
        endTime: START + number + 60_000,
        lifecycle: 'active',
        params: named('param', String(number % 97)),
        tags: named('tag', `value ${number % 31}`),
        datasets: [],
        modelInputs: [],
        modelOutputs: [],
        pointsMark: '',
        artifactUri: `mlflow-artifacts:/1/${id}/artifacts`,
      },
    ]);
    const steps = Array.from({ length: POINTS_A_METRIC }, (_, step) => step);
    const metrics = Array.from({ length: KEYS }, (_, index) => ({
      key: `metric${index}`,
      steps,
      timestamps: steps.map((step) => START + number + step),
      values: steps.map((step) => 1 / (1 + step + number + index)),
    }));
    sink.points({ runId: id, metrics });
  }
  await sink.finish();
}

async function importOnce(): Promise<{ seconds: number; memoryMb: number }> {
  const start = performance.now();
  const command = [
    'import',
    'mlflow',
    `sqlite:///${join(source, 'mlflow.db')}`,
    '--artifacts',
    join(source, 'artifacts'),
  ];
  const child = spawn(process.execPath, [program, ...command], {
    stdio: ['ignore', 'inherit', 'inherit'],
    env: { PATH: process.env['PATH'] ?? '', HOME: folder, CAPSTAN_URL: server.url },
  });
  let memoryMb = 0;
  const watching = setInterval(() => (memoryMb = Math.max(memoryMb, memoryOf(child.pid ?? 0))), 250);
  const [code] = (await once(child, 'exit')) as [number | null];
  clearInterval(watching);
  if (code !== 0) throw new Error(`the import ended with ${code}`);
  return { seconds: (performance.now() - start) / 1_000, memoryMb };
}

/** Time that the process has had a processor, its start and the second import included: what a busy machine does not change. */
function processorSecondsOf(pid: number): number {
  return Number(execFileSync('ps', ['-o', 'cputimes=', '-p', String(pid)], { encoding: 'utf8' }));
}
