// A month of answers: 28,000 rows in requests of 500 through HTTP, ONNX Runtime and the prediction log, and the same with
// everything shipped to and taken in by the control plane. node bench/month.bench.ts
import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createClient } from '@capstan/client';
import { startServer } from '../tests/support/server.ts';
import { median, tell } from './measure.ts';

const ROWS = 28_000;
const BATCH = 500;
const AT_ONCE = 4;
const ROUNDS = 5;
const MODEL = 'late';

const server = await startServer();
const client = createClient({ baseUrl: server.url });
await serveModel();
const { replicas } = await client.deployments.get({ params: { deployment: MODEL } });
const plane = replicas[0]?.url ?? '';

const answered: number[] = [];
const shipped: number[] = [];
for (let round = 0; round <= ROUNDS; round++) {
  const bodies = Array.from({ length: ROWS / BATCH }, (_, batch) => JSON.stringify({ inputs: rowsOf(round, batch) }));
  const before = performance.now();
  await Promise.all(Array.from({ length: AT_ONCE }, () => ask(bodies)));
  const done = performance.now();
  const flushed = await fetch(`${plane}/api/v1/serving/flush`, { method: 'POST' });
  if (!flushed.ok) throw new Error(await flushed.text());
  // The first round warms up.
  if (round === 0) continue;
  answered.push(ROWS / ((done - before) / 1_000));
  shipped.push(ROWS / ((performance.now() - before) / 1_000));
}
await server.stop();

tell([
  { name: 'answered and on disk, median', value: median(answered), unit: 'rows/s', goal: '≥ 10000' },
  { name: 'answered, shipped and taken in, median', value: median(shipped), unit: 'rows/s', goal: 'none' },
]);

async function ask(bodies: string[]): Promise<void> {
  for (let body = bodies.pop(); body !== undefined; body = bodies.pop()) {
    const response = await fetch(`${plane}/models/${MODEL}/invocations`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body,
    });
    if (!response.ok) throw new Error(await response.text());
    await response.arrayBuffer();
  }
}

function rowsOf(round: number, batch: number): Record<string, unknown[]> {
  const rows = Array.from({ length: BATCH }, (_, row) => batch * BATCH + row);
  return {
    example_id: rows.map((row) => `r${round}-${row}`),
    event_time: rows.map((row) => Date.parse('2013-04-01T00:00:00Z') + row * 90_000),
    carrier: rows.map((row) => ['AA', 'DL', 'UA'][row % 3]),
    origin: rows.map((row) => ['JFK', 'EWR', 'LGA'][row % 3]),
    distance: rows.map((row) => 200 + (row % 2_000)),
    hour: rows.map((row) => row % 24),
  };
}

/** Registers a small ONNX model by MLflow's API and serves it to all. */
async function serveModel(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'capstan-bench-'));
  const text = `project: bench
charter:
  owner: bench
  decision: none
  value: {currency: USD, true_positive: 1, false_positive: -1, false_negative: -1, true_negative: 0}
model: {name: ${MODEL}, task: binary, metric: log_loss}
deployment: {name: ${MODEL}, rollout: [100%]}
`;
  await client.projects.apply({ body: { folder, text } });
  const { run } = await post<{ run: { info: { run_id: string } } }>('runs/create', { experiment_id: '0' });
  const id = run.info.run_id;
  const onnx = fileURLToPath(
    new URL('../packages/capstan/src/adapters/runtime-onnx/golden/columns.onnx', import.meta.url),
  );
  const files = { 'model.onnx': readFileSync(onnx), MLmodel: 'flavors:\n  onnx: {data: model.onnx}\n' };
  for (const [name, body] of Object.entries(files)) {
    const url = `${server.url}/api/2.0/mlflow-artifacts/artifacts/0/${id}/artifacts/model/${name}`;
    const stored = await fetch(url, { method: 'PUT', body });
    if (!stored.ok) throw new Error(await stored.text());
  }
  await post('registered-models/create', { name: MODEL });
  await post('model-versions/create', { name: MODEL, source: `runs:/${id}/model`, run_id: id });
  const started = await client.deployments.start({
    params: { deployment: MODEL },
    body: { version: 1, guards: false },
  });
  for (let ended = started.endedAt; ended === undefined;) {
    await new Promise((resolve) => setTimeout(resolve, 100));
    ({ endedAt: ended } = await client.deployments.rollout({ params: { rollout: started.id } }));
  }
}

async function post<Reply>(path: string, body: object): Promise<Reply> {
  const response = await fetch(`${server.url}/api/2.0/mlflow/${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  if (!response.ok) throw new Error(`${path}: ${await response.text()}`);
  return (await response.json()) as Reply;
}
