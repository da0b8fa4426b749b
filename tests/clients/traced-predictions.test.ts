// Predictions as OpenTelemetry sees them: another Capstan is the collector, callers are fetch and the real tritonclient.
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { createClient } from '@capstan/client';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { findClientPython } from '../support/python.ts';
import { MODELS, serveModels, type ServedModels } from '../support/served-models.ts';
import { startServer, type RunningServer } from '../support/server.ts';

const run = promisify(execFile);
const traceOf = (digit: string): string => digit.repeat(32);
const header = (digit: string, flags = '01'): string => `00-${traceOf(digit)}-${'b'.repeat(16)}-${flags}`;

let collector: RunningServer;
let served: ServedModels;
let python: string;

beforeAll(async () => {
  python = await findClientPython();
  collector = await startServer(['--no-serving']);
  served = await serveModels({ quiet: MODELS['one-float'] }, [
    `--otlp-endpoint=${collector.url}`,
    '--otlp-headers=x-mlflow-experiment-id=0',
  ]);
});
afterAll(async () => {
  await served.stop();
  await collector.stop();
});

const body = JSON.stringify({
  inputs: [{ name: 'in_FP32', shape: [3, 2], datatype: 'FP32', data: [1, 2, 3, 4, 5, 6] }],
});
const ask = (traceparent: string | undefined, text = body): Promise<Response> =>
  fetch(`${served.servingUrl}/v2/models/quiet/infer`, {
    method: 'POST',
    body: text,
    headers: traceparent === undefined ? {} : { traceparent },
  });

/** Its spans by name, once the collector has them. */
async function spansOf(digit: string) {
  const client = createClient({ baseUrl: collector.url });
  const params = { trace: `tr-${traceOf(digit)}` };
  await expect.poll(() => client.traces.get({ params }).catch(() => undefined), { timeout: 20_000 }).toBeTruthy();
  const { spans } = await client.traces.get({ params });
  return new Map(spans.map((span) => [span.name, span]));
}

const GRPC = `
import sys
import numpy as np
import tritonclient.grpc as triton
client = triton.InferenceServerClient(sys.argv[1])
tensor = triton.InferInput("in_FP32", [1, 2], "FP32")
tensor.set_data_from_numpy(np.ones((1, 2), np.float32))
client.infer("quiet", [tensor], headers={"traceparent": sys.argv[2]})
`;

test('a request whose caller is traced is traced to its batch, over HTTP and gRPC; another is not', async () => {
  expect((await ask(undefined)).status).toBe(200);
  expect((await ask(header('3', '00'))).status).toBe(200);
  expect((await ask(header('1'))).status).toBe(200);
  const status = (await (await fetch(`${served.servingUrl}/api/v1/serving/status`)).json()) as { grpcAddress: string };
  await run(python, ['-c', GRPC, status.grpcAddress, header('2')]);

  for (const [digit, rows] of [
    ['1', 3],
    ['2', 1],
  ] as const) {
    const spans = await spansOf(digit);
    expect([...spans.keys()].toSorted()).toEqual(['batch', 'log', 'model', 'predict quiet', 'queue', 'read']);
    expect(spans.get('batch')?.attributes).toMatchObject({ 'capstan.rows': String(rows) });
    expect(spans.get('predict quiet')).toMatchObject({
      parentId: 'b'.repeat(16),
      attributes: { 'capstan.deployment': '"quiet"', 'capstan.rows': String(rows) },
    });
  }
  // Traces 1 and 2 are there; what came before them would be too.
  const all = await createClient({ baseUrl: collector.url }).traces.list({ params: { experiment: '0' }, query: {} });
  expect(all.items.map(({ id }) => id).toSorted()).toEqual([`tr-${traceOf('1')}`, `tr-${traceOf('2')}`]);
});

test('a failed request is told with its error, and predictions go on when the collector is away', async () => {
  const wrong = body.replace('in_FP32', 'nothing');
  expect((await ask(header('4'), wrong)).status).toBe(400);
  const spans = await spansOf('4');
  expect(spans.get('predict quiet')).toMatchObject({ status: 'ERROR', statusMessage: 'INVALID_ARGUMENT' });

  await collector.stop();
  expect((await ask(header('5'))).status).toBe(200);
  const dropped = async (): Promise<number> => {
    const text = await (await fetch(`${served.servingUrl}/metrics`)).text();
    return Number(/^capstan_spans_dropped_total (\d+)/m.exec(text)?.[1]);
  };
  await expect.poll(dropped, { timeout: 20_000 }).toBeGreaterThan(0);
  expect((await ask(header('6'))).status).toBe(200);
});
