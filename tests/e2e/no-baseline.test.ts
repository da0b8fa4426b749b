// A deployment without guards: its baseline is measured from the labels that are known, or its lack is said plainly.
import { join } from 'node:path';
import { createClient, type Client } from '@capstan/client';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { launchBrowser } from '../support/browser.ts';
import { openPage } from '../support/screens.ts';
import { capstan, startServer, type RunningServer } from '../support/server.ts';
import { FLIGHT, MODEL, PROJECT, registerModel, smallFlights, smallModel } from '../support/small-flights.ts';

const params = { deployment: MODEL };
const folder = smallFlights();
let server: RunningServer;
let browser: Browser;
let client: Client;

beforeAll(async () => {
  [server, browser] = await Promise.all([startServer(['--check-replies']), launchBrowser()]);
  client = createClient({ baseUrl: server.url });
  await done('apply', '--file', join(folder, 'capstan.yaml'));
  await registerModel(server.url, smallModel());
});
afterAll(async () => {
  await browser?.close();
  await server?.stop();
});

async function done(...args: string[]) {
  const { code, out, err } = await capstan(args, server.url);
  expect(code, `${args.join(' ')}: ${err}${out}`).toBe(0);
  return { out, err };
}

async function answer(id: string): Promise<number> {
  const { replicas } = await client.deployments.get({ params });
  const plane = replicas[0]?.url ?? '';
  expect((await fetch(`${plane}/api/v1/serving/sync`, { method: 'POST' })).status).toBe(200);
  const response = await fetch(`${plane}/models/${MODEL}/invocations`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ dataframe_records: [{ ...FLIGHT, example_id: id }] }),
  });
  return response.status;
}

test('where no label is known, command, API and page say that the loss budget counts nothing', async () => {
  const { err } = await done('deploy', MODEL, '--no-guards', '--wait');
  expect(err).toMatch(/The loss budget counts nothing: No baseline is known.*labelled data are registered/);
  const { lossBudget, breaker } = await client.deployments.get({ params });
  expect(lossBudget).toMatchObject({ isCounting: false, reason: expect.stringContaining('nothing counts as lost') });
  expect(breaker.fallbackProbability).toBeUndefined();
  expect((await done('deployments', 'show', MODEL)).out).toMatch(/loss budget +counts nothing: No baseline is known/);
  expect((await done('deployments', 'list')).out).toMatch(
    /late-arrival +flight-delays +late-arrival\/1, revision 1 .*unknown/,
  );
  const { page, errors } = await openPage(browser, `${server.url}/deployments/${MODEL}`, 'light');
  await page.getByText('counts nothing').waitFor();
  await page.getByText('No baseline is known').waitFor();
  expect(errors).toEqual([]);
  await page.close();

  await client.deployments.openBreaker({ params, body: { reason: 'a test' } });
  expect(await answer('unanswered')).toBe(503);
  await client.deployments.closeBreaker({ params, body: { reason: 'a test' } });
});

test('the next rollout measures it from the data, and from then on losses count and the breaker answers', async () => {
  for (const dataset of ['airlines', 'flights']) await done('datasets', 'register', PROJECT, dataset);
  const started = await client.deployments.start({ params, body: { version: 1, threshold: 0.5, guards: false } });
  for (let ended: number | undefined; ended === undefined;)
    ({ endedAt: ended } = await client.deployments.rollout({ params: { rollout: started.id } }));
  const { lossBudget, breaker } = await client.deployments.get({ params });
  expect(lossBudget).toMatchObject({ isCounting: true });
  // Of the flights of January that arrived, 6,201 were late.
  expect(breaker.fallbackProbability).toBeCloseTo(6_201 / 26_398, 9);
  const { items } = await client.system.events({ query: { type: 'deployment.baseline-set' } });
  expect(items).toMatchObject([{ payload: { source: 'the share of positives among 26398 labels of flights@1' } }]);

  expect(await answer('answered')).toBe(200);
  const { replicas } = await client.deployments.get({ params });
  await fetch(`${replicas[0]?.url}/api/v1/serving/flush`, { method: 'POST' });
  await client.predictions.recordOutcomes({ params, body: { outcomes: [{ id: 'answered', label: 0 }] } });
  const { rows } = await client.predictions.performance({ params, query: {} });
  expect(rows.find(({ revision }) => revision === 2)).toMatchObject({ labelled: 1, value: -4, baselineValue: 0 });

  await client.deployments.openBreaker({ params, body: { reason: 'a test' } });
  expect(await answer('by the constant')).toBe(200);
  await client.deployments.closeBreaker({ params, body: { reason: 'a test' } });
  const { out } = await done('deployments', 'rollback', MODEL, '--reason', 'a test');
  expect(out).toMatch(/champion +late-arrival\/1, revision 1/);
});
