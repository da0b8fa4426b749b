// Models as their users log them, asked by the clients that they have: the answers are those of the model in Python.
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { findClientPython, runPython } from '../support/python.ts';
import { deploy } from '../support/served-models.ts';
import { emptyFolder, startServer, type RunningServer } from '../support/server.ts';

const script = fileURLToPath(new URL('served_predictions.py', import.meta.url));
const MODELS = ['iris', 'wine', 'wide', 'multi', 'text'].flatMap((name) => [`${name}-sk`, `${name}-onnx`]);

let server: RunningServer;
let python: string;

beforeAll(async () => {
  python = await findClientPython();
  server = await startServer([`--serving-python=${python}`]);
}, 120_000);

afterAll(() => server.stop());

test('predictions are those of the models, by every client, and every one of them is logged', async () => {
  const folder = emptyFolder();
  const run = async (...args: string[]) => {
    const env = { MLFLOW_TRACKING_URI: server.url };
    const { code, out, err } = await runPython(python, [script, ...args], { folder, env });
    expect(code, err).toBe(0);
    return out.trim().split('\n').at(-1) ?? '';
  };
  await run('log');
  for (const name of [...MODELS, 'signed-onnx', 'text-column', 'scores']) await deploy(server.url, name);
  const address = new URL(server.servingUrl).host;
  const status = await fetch(`${server.servingUrl}/api/v1/serving/status`);
  const { grpcAddress } = (await status.json()) as { grpcAddress: string };
  const seen = JSON.parse(await run('ask', address, grpcAddress)) as Record<string, number>;
  expect(Object.keys(seen)).toEqual(['iris', 'wine', 'wide', 'multi', 'text', 'scores']);
  await fetch(`${server.servingUrl}/api/v1/serving/flush`, { method: 'POST' });
  await expect.poll(() => loggedRows(server.url, 'iris-onnx'), { timeout: 30_000 }).toBe((seen['iris'] ?? 0) * 3);
}, 240_000);

async function loggedRows(url: string, deployment: string): Promise<number> {
  const response = await fetch(`${url}/api/v1/predictions/query`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ deployment, sql: 'select count(*) as n from predictions' }),
  });
  const { rows = [] } = (await response.json()) as { rows?: { n: number }[] };
  return rows[0]?.n ?? 0;
}
