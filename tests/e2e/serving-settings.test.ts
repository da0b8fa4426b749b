// How the model of a deployment runs, set on the command line and seen from outside: batches, time-outs, the cache of
// answers, what a revision has otherwise than the one before, and the way back.
import { createClient, type Client } from '@capstan/client';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { launchBrowser } from '../support/browser.ts';
import { openPage, violations } from '../support/screens.ts';
import { MODELS, serveModels, type ServedModels } from '../support/served-models.ts';
import { capstan } from '../support/server.ts';

const NAME = 'one-float';
let server: ServedModels;
let browser: Browser;
let client: Client;

beforeAll(async () => {
  [server, browser] = await Promise.all([serveModels({ [NAME]: MODELS[NAME] }), launchBrowser()]);
  client = createClient({ baseUrl: server.url });
});
afterAll(async () => {
  await browser?.close();
  await server?.stop();
});

async function deploy(...words: string[]): Promise<void> {
  const { code, out, err } = await capstan(['deploy', NAME, '--wait', '--set', ...words], server.url);
  expect({ code, out, err }).toMatchObject({ code: 0 });
}

async function ask(rows: number, headers: Readonly<Record<string, string>> = {}): Promise<number> {
  const data = Array.from({ length: rows * 2 }, (_, index) => index);
  const body = JSON.stringify({ inputs: [{ name: 'in_FP32', datatype: 'FP32', shape: [rows, 2], data }] });
  const response = await fetch(`${server.servingUrl}/v2/models/${NAME}/infer`, { method: 'POST', body, headers });
  await response.arrayBuffer();
  return response.status;
}

/** The sum of the samples of a metric. */
async function counted(metric: string): Promise<number> {
  const text = await (await fetch(`${server.servingUrl}/metrics`)).text();
  const lines = text.split('\n').filter((line) => line.startsWith(`${metric}{`));
  return lines.reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0);
}

test('a request that nobody joins is answered when its time-out is over, however long its caller would wait', async () => {
  await deploy('dynamic_batching.max_queue_delay=1m', 'timeout.default=300ms', 'max_batch_size=2');
  expect(await ask(1)).toBe(504);
  await deploy('timeout.default=', 'timeout.max=300ms');
  expect(await ask(1, { 'x-request-timeout-ms': '60000' })).toBe(504);
});

test('a full batch goes at once, and larger requests go in parts of it', async () => {
  expect(await Promise.all([ask(1), ask(1)])).toEqual([200, 200]);
  const before = await counted('capstan_batch_rows_count');
  expect(await ask(6)).toBe(200);
  expect((await counted('capstan_batch_rows_count')) - before).toBe(3);
});

test('answers are kept where the revision says so', async () => {
  await deploy('dynamic_batching.max_queue_delay=', 'timeout.max=', 'response_cache=1MiB');
  for (const rows of [1, 2, 1, 2, 1]) expect(await ask(rows)).toBe(200);
  expect(await counted('capstan_batch_rows_count')).toBe(2);
});

test('what a revision runs with stands on its page, and what it has otherwise than the one before', async () => {
  const { page, errors } = await openPage(browser, `${server.url}/deployments/${NAME}`, 'light');
  await page.getByText('response_cache default → 1MiB', { exact: false }).waitFor();
  const facts = page.getByRole('complementary');
  await facts.getByText('max_batch_size', { exact: true }).waitFor();
  await facts.getByText('1MiB', { exact: true }).waitFor();
  await page.getByText('the first', { exact: true }).waitFor();
  expect(await violations(page)).toEqual([]);
  expect(errors).toEqual([]);
  await page.close();
  const { out } = await capstan(['deployments', 'show', NAME], server.url);
  expect(out).toMatch(/^runs with +max_batch_size=2$/m);
  expect(out).toMatch(/^runs with +response_cache=1MiB$/m);
});

test('it is gone back to with the revision', async () => {
  const params = { deployment: NAME };
  await client.deployments.rollBack({ params, body: { reason: 'the cache is of no use', to: 1 } });
  await fetch(`${server.servingUrl}/api/v1/serving/sync`, { method: 'POST' });
  expect(await client.deployments.get({ params })).toMatchObject({ champion: { number: 1, serving: {} } });
  const before = await counted('capstan_batch_rows_count');
  expect(await ask(6)).toBe(200);
  expect((await counted('capstan_batch_rows_count')) - before).toBe(1);
});

test.each([
  ['max_bach_size=2', "Did you mean 'max_batch_size'?"],
  ['instance_group.count=2', 'is for models of the flavor python_function'],
  ['timeout.default=soon', 'write a number and its unit'],
])('%s is refused and changes nothing', async (word, reason) => {
  const params = { deployment: NAME };
  const before = await client.deployments.revisions({ params });
  const { code, err } = await capstan(['deploy', NAME, '--wait', '--set', word], server.url);
  expect({ code, err }).toMatchObject({ code: expect.any(Number), err: expect.stringContaining(reason) });
  expect(code).not.toBe(0);
  expect(await client.deployments.revisions({ params })).toEqual(before);
});
