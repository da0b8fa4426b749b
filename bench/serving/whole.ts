// The parts of the benchmark that need a whole Capstan: a Python model in workers, the time from `deploy` to an answer, memory.
import { execFileSync } from 'node:child_process';
import { readFileSync, readdirSync } from 'node:fs';
import { join, relative } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { createClient, type Client } from '@capstan/client';
import { registerModel } from '../../tests/support/served-models.ts';
import { startServer } from '../../tests/support/server.ts';
import { median, memoryOf } from '../measure.ts';
import { httpPost, load } from './load.ts';
import type { Setup } from './parts.ts';
import { startBento, startMlflow, type Server } from './servers.ts';

const FEATURES = 8;
const SMALL_MODELS = 20;
const SWITCHES = 20;
const ROW = Array.from({ length: FEATURES }, (_, index) => index / 4 - 1);

export interface Whole {
  readonly program: string;
  readonly folder: string;
  readonly python: string;
  readonly models: string;
}

export async function measureWhole(whole: Whole, setup: Setup): Promise<void> {
  const flags = [`--serving-python=${whole.python}`, '--no-grpc'];
  const server = await startServer(flags, join(whole.folder, 'whole'), { program: whole.program });
  try {
    const plane = planeOf(server.pid);
    const client = createClient({ baseUrl: server.url });
    const idleMb = memoryOf(plane);
    const onnx = readFileSync(join(whole.models, 'lr', 'model.onnx'));
    const MLmodel = 'flavors:\n  onnx: {data: model.onnx}\n';
    for (let version = 0; version < 2; version++)
      await registerModel(server.url, 'small-0', { 'model.onnx': onnx, MLmodel });
    const port = Number(new URL(server.servingUrl).port);
    const first = await deployTime(client, port, 'small-0', 1);
    const switches: number[] = [];
    for (let count = 0; count < SWITCHES; count++)
      switches.push(await deployTime(client, port, 'small-0', 2 - (count % 2)));
    for (let index = 1; index < SMALL_MODELS; index++) {
      await registerModel(server.url, `small-${index}`, { 'model.onnx': onnx, MLmodel });
      await deployTime(client, port, `small-${index}`, 1);
    }
    const loadedMb = memoryOf(plane);
    console.log('\nfrom deploy to an answer, and memory of the data plane');
    console.log(`  first answer of a registered ONNX model ${first.toFixed(0)} ms; goal ≤ 1,000`);
    console.log(`  switch of revision, median of ${SWITCHES} ${median(switches).toFixed(0)} ms; goal ≤ 1,000`);
    console.log(`  idle ${idleMb.toFixed(0)} MiB; goal ≤ 120`);
    console.log(`  with ${SMALL_MODELS} small ONNX models ${loadedMb.toFixed(0)} MiB; goal ≤ 300`);
    await registerModel(server.url, 'rf', filesOf(join(whole.models, 'rf', 'mlflow')));
    await deployTime(client, port, 'rf', 1);
    await measurePython(whole, port, setup);
  } finally {
    await server.stop();
  }
}

/** A scikit-learn forest in a worker, beside what it takes without any server. */
async function measurePython({ python, models }: Whole, port: number, setup: Setup): Promise<void> {
  const own: Server = {
    name: 'Capstan',
    port,
    path: () => '/models/rf/invocations',
    body: (rows) => JSON.stringify({ inputs: rows }),
    stop: async () => {},
  };
  const peers = [await startMlflow(python, models, 'rf'), await startBento(python, models)];
  try {
    for (const connections of [1, 64]) {
      console.log(`\nrandom forest in Python (scikit-learn), one row a request, ${connections} connection(s)`);
      const rates = new Map<string, number[]>();
      for (let round = 0; round < setup.rounds; round++) {
        for (const server of [own, ...peers]) {
          const requests = [httpPost(server.port, server.path('rf'), server.body([ROW]))];
          const { warmUpMs, durationMs } = setup;
          const job = { host: '127.0.0.1', port: server.port, requests, connections, warmUpMs, durationMs };
          rates.set(server.name, [...(rates.get(server.name) ?? []), (await load(job)).perSecond]);
        }
        if (connections === 1)
          rates.set('the model itself', [...(rates.get('the model itself') ?? []), bareRate(python, models)]);
      }
      for (const [name, all] of rates) console.log(`  ${name.padEnd(28)} ${median(all).toFixed(0).padStart(9)} req/s`);
    }
    console.log('  goal: ≥ 0.9 of the model itself at 1, ≥ 3× the best peer at 64');
  } finally {
    await Promise.all(peers.map((server) => server.stop()));
  }
}

const BARE = `
import sys, time, mlflow, numpy as np
model = mlflow.pyfunc.load_model(sys.argv[1])
row = np.array([[i / 4 - 1 for i in range(${FEATURES})]], np.float32)
for _ in range(20): model.predict(row)
started = time.perf_counter(); count = 0
while time.perf_counter() - started < 2: model.predict(row); count += 1
print(count / (time.perf_counter() - started))
`;

/** Predictions a second of the pyfunc alone, in a loop. */
function bareRate(python: string, models: string): number {
  const env = { PATH: process.env['PATH'], HOME: models, OMP_NUM_THREADS: '1' };
  return Number(
    execFileSync(python, ['-c', BARE, join(models, 'rf', 'mlflow')], { env, stdio: ['ignore', 'pipe', 'ignore'] }),
  );
}

/** Milliseconds until the revision that was asked for answers. */
async function deployTime(client: Client, port: number, deployment: string, version: number): Promise<number> {
  const started = performance.now();
  const body = { model: deployment, version, guards: false, newInputs: true };
  const { revision } = await client.deployments.start({ params: { deployment }, body });
  const place = `http://127.0.0.1:${port}/v2/models/${deployment}/versions/${revision}/ready`;
  for (;;) {
    const answer = await fetch(place).catch(() => undefined);
    await answer?.arrayBuffer();
    if (answer?.ok) break;
    await sleep(2);
  }
  const took = performance.now() - started;
  for (;;) {
    const { rollout } = await client.deployments.get({ params: { deployment } });
    if (!rollout) return took;
    await sleep(10);
  }
}

function filesOf(folder: string): Record<string, Uint8Array<ArrayBuffer>> {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return Object.fromEntries(
    entries.map((entry) => {
      const path = join(entry.parentPath, entry.name);
      return [relative(folder, path), readFileSync(path)];
    }),
  );
}

/** The process of the data plane that a server supervises. */
function planeOf(pid: number): number {
  const table = execFileSync('ps', ['-eo', 'pid=,ppid=,args='], { encoding: 'utf8' });
  const line = table.split('\n').find((text) => Number(text.trim().split(/\s+/)[1]) === pid && / serve /.test(text));
  return Number(line?.trim().split(/\s+/)[0]);
}
