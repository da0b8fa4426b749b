// One walk from data to answers on the example, by the product alone, and then every screen that shows it.
import { cpSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createClient, type Client } from '@capstan/client';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { launchBrowser } from '../support/browser.ts';
import { checkScreen, type Screen } from '../support/screens.ts';
import { capstan, emptyFolder, startServer, type RunningServer } from '../support/server.ts';

const example = fileURLToPath(new URL('../../examples/flight-delays', import.meta.url));
const folder = join(emptyFolder(), 'flight-delays');
const PROJECT = 'flight-delays';
const MODEL = 'late-arrival';
const FIRST = 'UA-1545-EWR-20130201T10';

let server: RunningServer;
let browser: Browser;
let client: Client;
const ids = { version: '', pipelineRun: '', run: '', experiment: '', rollout: '' };

beforeAll(async () => {
  // Two months: the environment is built and the model trained for real, as quickly as that can be.
  cpSync(example, folder, { recursive: true, filter: (path) => !/2013-(0[3-9]|1\d)/.test(path) });
  [server, browser] = await Promise.all([startServer(['--environments', inject('environments')]), launchBrowser()]);
  client = createClient({ baseUrl: server.url });
  await done('apply', '--file', join(folder, 'capstan.yaml'));
  for (const dataset of ['airlines', 'weather', 'planes', 'flights'])
    await done('datasets', 'register', PROJECT, dataset);
  ids.pipelineRun = (await client.pipelines.start({ params: { project: PROJECT }, body: {} })).id;
  await trained();
  await done('deploy', MODEL, '--no-guards', '--wait');
  await answered();
  await done('monitors', 'check', PROJECT);
  await done('debt', PROJECT, '--measure');
  await done('features', 'materialize', PROJECT);
  await done('features', 'check', PROJECT, 'carrier-lateness');
}, 600_000);

afterAll(async () => {
  await browser?.close();
  await server?.stop();
  rmSync(join(folder, '..'), { recursive: true, force: true });
});

async function done(...args: string[]): Promise<void> {
  const { code, err, out } = await capstan(args, server.url);
  expect(code, `${args.join(' ')}: ${err}${out}`).toBe(0);
}

async function trained(): Promise<void> {
  for (;;) {
    const found = await client.pipelines.get({ params: { run: ids.pipelineRun } });
    if (found.endedAt === null) {
      await new Promise((resolve) => setTimeout(resolve, 500));
      continue;
    }
    expect(found.status, found.reason ?? '').toBe('succeeded');
    ids.run = found.stages.find((stage) => stage.name === 'train')?.runId ?? '';
    const run = await client.experiments.getRun({ params: { run: ids.run } });
    ids.experiment = run.experimentId;
    break;
  }
  const { items } = await client.datasets.versions({ params: { project: PROJECT, dataset: 'flights' }, query: {} });
  ids.version = items[0]?.id ?? '';
}

/** Two flights are answered, one with a number missing; one of them turns out late. */
async function answered(): Promise<void> {
  const deployment = await client.deployments.get({ params: { deployment: MODEL } });
  const { items } = await client.deployments.rollouts({ params: { deployment: MODEL } });
  ids.rollout = items[0]?.id ?? '';
  const flight = {
    event_time: '2013-02-01T10:15:00Z',
    carrier: 'UA',
    origin: 'EWR',
    destination: 'IAH',
    scheduled_departure_min: 315,
    day_of_week: 5,
    distance_miles: 1400,
    scheduled_duration_min: 244,
    plane_age_years: null,
    temperature_f: 37,
    humidity_pct: 60,
    wind_speed_mph: 12,
    wind_gust_mph: null,
    precipitation_in: 0,
    visibility_miles: 10,
  };
  const dataframe_records = [FIRST, `${FIRST}b`].map((example_id) => ({ example_id, ...flight }));
  const plane = deployment.replicas[0]?.url ?? '';
  const response = await fetch(`${plane}/models/${MODEL}/invocations`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ dataframe_records }),
  });
  expect(response.status, await response.clone().text()).toBe(200);
  await fetch(`${plane}/api/v1/serving/flush`, { method: 'POST' });
  const outcome = { id: `${MODEL}:${FIRST}`, label: 1 as const, at: Date.parse('2013-02-02T12:00:00Z') };
  await client.predictions.recordOutcomes({ params: { deployment: MODEL }, body: { outcomes: [outcome] } });
}

const screens: readonly (Omit<Screen, 'path'> & { readonly path: () => string })[] = [
  { name: 'home', path: () => '/', heading: 'Overview' },
  { name: 'projects', path: () => '/projects', heading: 'Projects', text: PROJECT },
  { name: 'project', path: () => `/projects/${PROJECT}`, heading: PROJECT, text: 'operations-analytics' },
  { name: 'datasets', path: () => `/projects/${PROJECT}/datasets`, heading: 'Datasets', text: 'weather' },
  { name: 'dataset', path: () => `/projects/${PROJECT}/datasets/flights`, heading: 'flights', text: 'accepted' },
  { name: 'dataset-version', path: () => `/dataset-versions/${ids.version}`, heading: 'flights', text: 'carrier' },
  { name: 'experiments', path: () => '/experiments', heading: 'Experiments', text: PROJECT },
  { name: 'features', path: () => `/projects/${PROJECT}/features`, heading: 'Features', text: 'carrier-lateness' },
  {
    name: 'feature',
    path: () => `/projects/${PROJECT}/features/carrier-lateness`,
    heading: 'carrier-lateness',
    text: 'the past does not depend on the future',
  },
  { name: 'runs', path: () => `/experiments/${ids.experiment}`, heading: PROJECT, text: 'train' },
  { name: 'run', path: () => `/runs/${ids.run}`, heading: 'train', text: 'late_share' },
  {
    name: 'pipeline-runs',
    path: () => `/projects/${PROJECT}/pipeline-runs`,
    heading: 'Pipeline runs',
    text: 'succeeded',
  },
  { name: 'pipeline-run', path: () => `/pipeline-runs/${ids.pipelineRun}`, heading: 'Pipeline run', text: 'prepare' },
  { name: 'models', path: () => '/models', heading: 'Models', text: MODEL },
  { name: 'model', path: () => `/models/${MODEL}`, heading: MODEL, text: 'Model registered' },
  { name: 'model-version', path: () => `/models/${MODEL}/versions/1`, heading: MODEL, text: 'scheduled_duration_min' },
  { name: 'deployments', path: () => '/deployments', heading: 'Deployments', text: MODEL },
  { name: 'deployment', path: () => `/deployments/${MODEL}`, heading: MODEL, text: 'Replicas' },
  { name: 'rollout', path: () => `/rollouts/${ids.rollout}`, heading: 'Rollout', text: 'promoted' },
  {
    name: 'prediction',
    path: () => `/predictions/${encodeURIComponent(`${MODEL}:${FIRST}`)}`,
    heading: 'Prediction',
    text: FIRST,
  },
  { name: 'monitors', path: () => `/projects/${PROJECT}/monitors`, heading: 'Monitors', text: 'performance-7d' },
  {
    name: 'monitor',
    path: () => `/projects/${PROJECT}/monitors/features-7d`,
    heading: 'features-7d',
    text: 'Windows',
  },
  { name: 'cycles', path: () => `/projects/${PROJECT}/cycles`, heading: 'Cycles' },
  { name: 'value', path: () => `/projects/${PROJECT}/value`, heading: 'Value' },
  { name: 'debt', path: () => `/projects/${PROJECT}/debt`, heading: 'Debt', text: 'Unpinned inputs' },
];

describe.each(['light', 'dark'])('%s', (theme) => {
  test.each(screens)('$name', ({ path, ...screen }) =>
    checkScreen(browser, server.url, theme, { ...screen, path: path() }),
  );
});

test('a training set has what was known at the time of each of its rows', async () => {
  const path = join(folder, 'train.parquet');
  const asked = ['features', 'training-set', PROJECT, 'carrier-lateness', '--rows', 'flights'];
  const { out, code, err } = await capstan([...asked, '-o', path, '--json'], server.url);
  expect(code, err).toBe(0);
  const set = JSON.parse(out) as { columns: { name: string }[]; sizeBytes: number };
  expect(set.columns.map(({ name }) => name)).toEqual(expect.arrayContaining(['tailnum', 'late_share_7d']));
  expect(statSync(path).size).toBe(set.sizeBytes);
});

test('an answer is explained back to the data it learnt from', async () => {
  const { out, code, err } = await capstan(['explain', `${MODEL}:${FIRST}`], server.url);
  expect(code, err).toBe(0);
  expect(out).toContain(ids.run);
  expect(out).toContain(ids.pipelineRun);
  expect(out).toContain('no verdict');
});

test('an answer is given again to the bit', async () => {
  const { out, code, err } = await capstan(['replay', `${MODEL}:${FIRST}`], server.url);
  expect(code, `${err}${out}`).toBe(0);
});

test('what the answers were worth', async () => {
  const { out, code, err } = await capstan(['value', PROJECT, '--json'], server.url);
  expect(code, err).toBe(0);
  expect(JSON.parse(out)).toMatchObject({ schema: 'capstan/value.v1' });
});

test('the facts of the walk are one unbroken chain', () => done('audit', 'verify'));
