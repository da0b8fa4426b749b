// The part with many rows a request as bytes (binary tensor data), beside the same executions without any server.
import { join } from 'node:path';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { median } from '../measure.ts';
import { httpPost, load } from './load.ts';
import type { Setup } from './parts.ts';
import type { ModelName, Server } from './servers.ts';

const FEATURES = 8;
const ROWS = 1_000;
const CONNECTIONS = 8;

const valuesOf = (seed: number): Float32Array =>
  Float32Array.from({ length: ROWS * FEATURES }, (_, index) => (((index + seed) * 31) % 64) / 16 - 2);

/** As tritonclient sends it: JSON, then the tensor, and all outputs as bytes. */
function binaryRequest(server: Server, model: ModelName, values: Float32Array): Buffer {
  const bytes = new Uint8Array(values.buffer);
  const head = JSON.stringify({
    inputs: [
      { name: 'X', datatype: 'FP32', shape: [ROWS, FEATURES], parameters: { binary_data_size: bytes.byteLength } },
    ],
    parameters: { binary_data_output: true },
  });
  const headers = {
    'content-type': 'application/octet-stream',
    'inference-header-content-length': String(Buffer.byteLength(head)),
  };
  return httpPost(server.port, server.path(model), Buffer.concat([Buffer.from(head), bytes]), headers);
}

/** Rows a second of the model in this process, one execution after another. */
async function inProcess(models: string, model: ModelName, durationMs: number): Promise<number> {
  const options = { intraOpNumThreads: 1, interOpNumThreads: 1 };
  const session = await InferenceSession.create(join(models, model, 'model.onnx'), options);
  const feeds = { X: new Tensor('float32', valuesOf(0), [ROWS, FEATURES]) };
  for (let count = 0; count < 20; count++) await session.run(feeds);
  const started = performance.now();
  let executions = 0;
  for (; performance.now() - started < durationMs; executions++) await session.run(feeds);
  const took = performance.now() - started;
  await session.release();
  return (executions * ROWS * 1_000) / took;
}

export async function measureBinary(
  servers: readonly Server[],
  models: string,
  model: ModelName,
  setup: Setup,
): Promise<void> {
  const server = servers.find(({ name }) => name === 'Capstan');
  if (!server) return;
  const requests = Array.from({ length: 8 }, (_, seed) => binaryRequest(server, model, valuesOf(seed)));
  const rates: number[] = [];
  const limits: number[] = [];
  for (let round = 0; round < setup.rounds; round++) {
    const { warmUpMs, durationMs } = setup;
    const job = { host: '127.0.0.1', port: server.port, requests, connections: CONNECTIONS, warmUpMs, durationMs };
    rates.push((await load(job)).perSecond * ROWS);
    limits.push(await inProcess(models, model, durationMs));
  }
  const [rate, limit] = [median(rates), median(limits)];
  console.log(`\n${model}, ${ROWS} rows a request as bytes, ${CONNECTIONS} connections`);
  console.log(`  Capstan ${rate.toFixed(0)} rows/s, in process ${limit.toFixed(0)} rows/s`);
  console.log(
    `  Capstan: ${(rate / limit).toFixed(2)}× in process; goal ≥ 0.7 for rf; lr ≥ 4× MLServer's rows/s above`,
  );
}
