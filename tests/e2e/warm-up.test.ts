// A new version is warmed with what its deployment was asked of late before it takes traffic; nothing of that is logged or
// counted, and a version that fails on it says so where its replicas are shown.
import { createClient, type Client } from '@capstan/client';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { deploy, registerModel } from '../support/served-models.ts';
import { startServer, type RunningServer } from '../support/server.ts';
import { weightyModel } from '../support/weighty-model.ts';

const NAME = 'lookup';
let server: RunningServer;
let client: Client;

beforeAll(async () => {
  server = await startServer(['--check-replies']);
  client = createClient({ baseUrl: server.url });
  await deployed(1, 1_000);
});
afterAll(() => server?.stop());

async function deployed(seed: number, rows: number): Promise<void> {
  const MLmodel = 'flavors:\n  onnx: {data: model.onnx}\n';
  await registerModel(server.url, NAME, { 'model.onnx': weightyModel(seed, rows), MLmodel });
  await deploy(server.url, NAME);
}

async function post(path: string, body = ''): Promise<unknown> {
  const response = await fetch(server.servingUrl + path, { method: 'POST', body });
  const text = await response.text();
  if (!response.ok) throw new Error(text);
  return JSON.parse(text);
}

/** Of the revision that answers. */
async function warmUp(): Promise<unknown> {
  const { deployments } = (await (await fetch(`${server.servingUrl}/api/v1/serving/status`)).json()) as {
    deployments: { models: { revision: number; warmUp: unknown }[] }[];
  };
  return deployments[0]?.models.at(-1)?.warmUp;
}

async function logged(): Promise<unknown> {
  const sql = 'select revision, count(*) as answers from predictions group by all order by all';
  return (await client.predictions.query({ body: { sql } })).rows;
}

test('the first version has nothing but zeros', async () => {
  expect(await warmUp()).toEqual({ by: 'zeros', note: 'nothing is logged yet', hasFailed: false });
});

test('the next one is warmed with what was asked, which is no prediction and counts nowhere', async () => {
  const inputs = [{ name: 'x', datatype: 'INT64', shape: [3], data: [900, 1, 2] }];
  await post(`/v2/models/${NAME}/infer`, JSON.stringify({ inputs }));
  await post('/api/v1/serving/flush');
  await deployed(2, 1_000);
  expect(await warmUp()).toEqual({ by: 'logged', note: null, hasFailed: false });
  await post('/api/v1/serving/flush');
  expect(await logged()).toEqual([{ revision: 1, answers: 3 }]);
  const metrics = await (await fetch(`${server.servingUrl}/metrics`)).text();
  expect(metrics).toContain('capstan_batch_rows_count{deployment="lookup",revision="2"} 0');
});

test('one that fails on it is served all the same, and says so', async () => {
  await deployed(3, 10);
  expect(await warmUp()).toMatchObject({ by: 'logged', hasFailed: true, note: expect.stringContaining('indices') });
  const { replicas, champion } = await client.deployments.get({ params: { deployment: NAME } });
  expect(champion?.number).toBe(3);
  expect(replicas.flatMap(({ warnings }) => warnings)).toEqual([
    { revision: 3, reason: expect.stringContaining('it failed on what was logged of late') },
  ]);
  const inputs = [{ name: 'x', datatype: 'INT64', shape: [1], data: [5] }];
  const answer = await post(`/v2/models/${NAME}/infer`, JSON.stringify({ inputs }));
  expect(answer).toMatchObject({ outputs: [{ data: [3, 5] }] });
});
