// Twenty models in a data plane that may hold five: whatever is asked, each answers for itself and none fails, while the
// process takes no more than it says. And a model that is idle gives its memory back.
import { readFileSync } from 'node:fs';
import { createClient } from '@capstan/client';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { registerModel } from '../support/served-models.ts';
import { capstan, startServer, type RunningServer } from '../support/server.ts';
import { weightyModel } from '../support/weighty-model.ts';

const MODELS = 20;
const ROWS = 2 ** 21;
const MODEL_BYTES = ROWS * 8;
const BUDGET_BYTES = 5 * MODEL_BYTES + 2 ** 23;
/** Of a model that seemed slow in its trial, as any may on a busy machine. */
const THREAD_BYTES = 30 * 2 ** 20;
const nameOf = (index: number): string => `weighty-${index}`;

interface Model {
  readonly state: string;
  readonly memoryBytes: number;
}
interface Status {
  readonly deployments: readonly {
    readonly name: string;
    readonly isReady: boolean;
    readonly models: readonly Model[];
  }[];
  readonly modelMemory: { readonly budgetBytes: number; readonly takenBytes: number };
}

let server: RunningServer;
/** What the process takes without any model. */
let own = 0;

beforeAll(async () => {
  server = await startServer(['--check-replies', `--model-memory-budget=${BUDGET_BYTES}`]);
  own = anonymousBytes();
  const client = createClient({ baseUrl: server.url });
  for (let index = 0; index < MODELS; index++) {
    const name = nameOf(index);
    await registerModel(server.url, name, {
      'model.onnx': weightyModel(index, ROWS),
      MLmodel: 'flavors:\n  onnx: {data: model.onnx}\n',
    });
    await client.deployments.start({ params: { deployment: name }, body: { model: name, version: 1 } });
  }
  await sync();
}, 300_000);
afterAll(() => server?.stop());

async function sync(): Promise<void> {
  const synced = await fetch(`${server.servingUrl}/api/v1/serving/sync`, { method: 'POST' });
  if (!synced.ok) throw new Error(await synced.text());
}

async function status(): Promise<Status> {
  return (await (await fetch(`${server.servingUrl}/api/v1/serving/status`)).json()) as Status;
}

async function ask(index: number, row: number): Promise<{ status: number; data: number[] | string }> {
  const response = await fetch(`${server.servingUrl}/v2/models/${nameOf(index)}/infer`, {
    method: 'POST',
    body: JSON.stringify({ inputs: [{ name: 'x', datatype: 'INT64', shape: [1], data: [row] }] }),
  });
  const text = await response.text();
  const data = response.ok ? (JSON.parse(text) as { outputs: [{ data: number[] }] }).outputs[0].data : text;
  return { status: response.status, data };
}

/** Memory of the data plane's process that no file stands behind. */
function anonymousBytes(): number {
  const [pid] = readFileSync(`/proc/${server.pid}/task/${server.pid}/children`, 'utf8').trim().split(' ');
  const text = readFileSync(`/proc/${pid}/status`, 'utf8');
  return Number(/^RssAnon:\s*(\d+) kB$/m.exec(text)?.[1]) * 1_024;
}

test('all are served, as many are loaded as the budget holds, and what they take was measured', async () => {
  const { deployments, modelMemory } = await status();
  expect(deployments.map(({ isReady }) => isReady)).toEqual(Array.from({ length: MODELS }, () => true));
  const models = deployments.flatMap((entry) => entry.models);
  const loaded = models.filter(({ state }) => state === 'ready');
  expect(loaded.length).toBeGreaterThanOrEqual(1);
  expect(loaded.length).toBeLessThanOrEqual(5);
  expect(models.filter(({ state }) => state === 'unloaded')).toHaveLength(MODELS - loaded.length);
  for (const { memoryBytes } of loaded) {
    expect(memoryBytes).toBeGreaterThan(MODEL_BYTES * 0.95);
    expect(memoryBytes).toBeLessThan(MODEL_BYTES * 1.25 + THREAD_BYTES);
  }
  expect(modelMemory.budgetBytes).toBe(BUDGET_BYTES);
  expect(modelMemory.takenBytes).toBe(loaded.reduce((sum, { memoryBytes }) => sum + memoryBytes, 0));
  const ready = await fetch(`${server.servingUrl}/v2/health/ready`);
  expect(ready.status).toBe(200);
});

test('asked all at once and in any order, each answers for itself and none fails', async () => {
  let most = 0;
  const watching = setInterval(() => (most = Math.max(most, anonymousBytes())), 20);
  const one = async (caller: number): Promise<void> => {
    for (let turn = 0; turn < 12; turn++) {
      const index = (caller * 7 + turn * (caller + 3)) % MODELS;
      const row = caller * 1_000 + turn;
      expect(await ask(index, row)).toEqual({ status: 200, data: [index, row] });
    }
  };
  await Promise.all(Array.from({ length: 12 }, (_, caller) => one(caller)));
  clearInterval(watching);
  // What opening a model needs for a moment comes on top; all of them would take twice as much as that.
  expect(most).toBeLessThan(own + BUDGET_BYTES + 8 * MODEL_BYTES);
  const { modelMemory } = await status();
  expect(modelMemory.takenBytes).toBeLessThanOrEqual(BUDGET_BYTES);
}, 120_000);

test('who asks for a model to be unloaded gives its memory back, and the next request loads it', async () => {
  const before = await ask(3, 5);
  const post = (what: string) =>
    fetch(`${server.servingUrl}/v2/repository/models/${nameOf(3)}/${what}`, { method: 'POST' });
  const state = async () =>
    (await status()).deployments.find(({ name }) => name === nameOf(3))?.models.map((model) => model.state);
  expect((await post('unload')).status).toBe(200);
  expect(await state()).toEqual(['unloaded']);
  expect((await fetch(`${server.servingUrl}/v2/models/${nameOf(3)}/ready`)).status).toBe(200);
  expect((await post('load')).status).toBe(200);
  expect(await state()).toEqual(['ready']);
  await post('unload');
  expect(await ask(3, 5)).toEqual(before);
});

test('a model that nobody asks goes to zero where its revision says so, and comes back', async () => {
  const { code, err } = await capstan(['deploy', nameOf(0), '--wait', '--set', 'idle_after=1s'], server.url);
  expect({ code, err }).toMatchObject({ code: 0 });
  const champion = async () =>
    (await status()).deployments.find(({ name }) => name === nameOf(0))?.models.map((model) => model.state);
  await vi.waitFor(async () => expect(await champion()).toEqual(['unloaded']), { timeout: 20_000, interval: 100 });
  expect(await ask(0, 7)).toEqual({ status: 200, data: [0, 7] });
  const { items } = await createClient({ baseUrl: server.url }).deployments.list({ query: {} });
  expect(items.every(({ replicas }) => replicas.every(({ revisions }) => revisions.length === 1))).toBe(true);
});
