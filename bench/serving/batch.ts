// A million rows of a dataset version through a batch prediction, beside the same model in a process of its own with the
// rows in memory: what reading and writing Parquet, parts on disk and a job cost.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { createClient, type Client } from '@capstan/client';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { createAnalyticsDuckdb } from '../../packages/capstan/src/adapters/analytics-duckdb/index.ts';
import { registerModel } from '../../tests/support/served-models.ts';
import { capstan, startServer } from '../../tests/support/server.ts';
import { median } from '../measure.ts';
import type { Setup } from './parts.ts';
import type { ModelName } from './servers.ts';
import type { Whole } from './whole.ts';

const ROWS = 1_000_000;
const FEATURES = 8;
const BATCH_ROWS = 4_096;
const PROJECT = 'bench';
const POLL_MS = 100;

const DECLARATION = `project: ${PROJECT}
charter:
  owner: bench
  decision: none
  value: {currency: USD, true_positive: 1, false_positive: -1, false_negative: -1, true_negative: 0}
datasets:
  rows: {path: data/rows.parquet}
`;

/** Rows a second of a job, from its request to its end, for each model. */
export async function measureBatch(whole: Whole, models: readonly ModelName[], setup: Setup): Promise<void> {
  const folder = join(whole.folder, 'batch');
  await writeProject(folder);
  const server = await startServer(['--no-grpc'], join(folder, 'server'), { program: whole.program });
  try {
    for (const args of [
      ['apply', '--file', join(folder, 'capstan.yaml')],
      ['datasets', 'register', PROJECT, 'rows'],
    ]) {
      const { code, err } = await capstan(args, server.url);
      if (code !== 0) throw new Error(err);
    }
    const client = createClient({ baseUrl: server.url });
    const versions = await client.datasets.versions({ params: { project: PROJECT, dataset: 'rows' }, query: {} });
    console.log(`\nbatch prediction of ${ROWS.toLocaleString('en')} rows of ${FEATURES} columns, Parquet in and out`);
    for (const model of models) {
      const file = readFileSync(join(whole.models, model, 'model.onnx'));
      await registerModel(server.url, model, { 'model.onnx': file, MLmodel: 'flavors:\n  onnx: {data: model.onnx}\n' });
      const inProcess: number[] = [];
      const jobs: number[] = [];
      for (let round = 0; round < setup.rounds; round++) {
        inProcess.push(await runInProcess(file));
        jobs.push(await runJob(client, model, versions.items[0]?.id ?? ''));
      }
      const [limit, own] = [median(inProcess), median(jobs)];
      console.log(
        `  ${model}: the model in process ${limit.toFixed(0)} rows/s, the job ${own.toFixed(0)} rows/s (${(own / limit).toFixed(2)}×)`,
      );
    }
  } finally {
    await server.stop();
  }
}

async function writeProject(folder: string): Promise<void> {
  mkdirSync(join(folder, 'data'), { recursive: true });
  writeFileSync(join(folder, 'capstan.yaml'), DECLARATION);
  const columns = Array.from({ length: FEATURES }, (_, at) => `cast(sin(i * ${at + 1}) * 2 as float) as X_${at}`);
  const analytics = createAnalyticsDuckdb({ temporaryFolder: join(folder, 'spill') });
  await analytics.write(
    { tables: {}, sql: `select i as id, ${columns.join(', ')} from range(${ROWS}) t(i)` },
    { path: join(folder, 'data', 'rows.parquet'), format: 'parquet' },
  );
}

async function runInProcess(model: Buffer): Promise<number> {
  const session = await InferenceSession.create(model, { intraOpNumThreads: 1, interOpNumThreads: 1 });
  const [name = ''] = session.inputNames;
  const data = Float32Array.from({ length: BATCH_ROWS * FEATURES }, (_, index) => Math.sin(index) * 2);
  const started = performance.now();
  for (let done = 0; done < ROWS; done += BATCH_ROWS)
    await session.run({ [name]: new Tensor('float32', data, [BATCH_ROWS, FEATURES]) });
  const rate = (ROWS / (performance.now() - started)) * 1_000;
  await session.release();
  return rate;
}

async function runJob(client: Client, model: string, input: string): Promise<number> {
  const started = performance.now();
  const { id } = await client.batchPredictions.start({ body: { model, input, keep: ['id'] } });
  for (;;) {
    const batch = await client.batchPredictions.get({ params: { batchPrediction: id } });
    if (batch.state === 'succeeded') return (ROWS / (performance.now() - started)) * 1_000;
    if (batch.endedAt !== null) throw new Error(`the job has ${batch.state}: ${batch.reason}`);
    await sleep(POLL_MS);
  }
}
