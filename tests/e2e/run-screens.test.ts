// What a script of MLflow has logged, found again in a real browser: from the overview to the files of its model.
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { launchBrowser } from '../support/browser.ts';
import { openPage } from '../support/screens.ts';
import { startServer, type RunningServer } from '../support/server.ts';

let server: RunningServer;
let browser: Browser;
const runs: string[] = [];
let model = '';

async function post<Reply>(path: string, body: object): Promise<Reply> {
  const response = await fetch(`${server.url}/api/2.0/mlflow/${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  expect(response.status, path).toBe(200);
  return (await response.json()) as Reply;
}

async function logRun(name: string, accuracy: number, losses: readonly number[]): Promise<string> {
  const { run } = await post<{ run: { info: { run_id: string } } }>('runs/create', {
    experiment_id: '0',
    run_name: name,
    start_time: Date.now(),
    tags: [{ key: 'mlflow.source.name', value: 'fit.py' }],
  });
  const id = run.info.run_id;
  const metrics = losses.map((value, step) => ({ key: 'loss', value, step, timestamp: Date.now() }));
  metrics.push({ key: 'accuracy', value: accuracy, step: 0, timestamp: Date.now() });
  await post('runs/log-batch', { run_id: id, metrics });
  await post('runs/update', { run_id: id, status: 'FINISHED', end_time: Date.now() });
  return id;
}

async function logModel(run: string): Promise<string> {
  type Logged = { model: { info: { model_id: string; artifact_uri: string } } };
  const { model: logged } = await post<Logged>('logged-models', {
    experiment_id: '0',
    name: 'forest',
    source_run_id: run,
  });
  const { model_id: id, artifact_uri: place } = logged.info;
  await post('runs/outputs', { run_id: run, models: [{ model_id: id, step: 0 }] });
  const path = place.replace(/^mlflow-artifacts:\/+/, '');
  const url = `${server.url}/api/2.0/mlflow-artifacts/artifacts/${path}/requirements.txt`;
  expect((await fetch(url, { method: 'PUT', body: 'scikit-learn==1.9.1\n' })).status).toBe(200);
  return id;
}

beforeAll(async () => {
  [server, browser] = await Promise.all([startServer(['--no-serving']), launchBrowser()]);
  runs.push(await logRun('first', 0.75, [3, 2, 1]), await logRun('second', 0.5, [3, 1]));
  model = await logModel(runs[1] ?? '');
});

afterAll(async () => {
  await browser?.close();
  await server?.stop();
});

const open = async (path: string) => (await openPage(browser, server.url + path, 'light')).page;

test('the overview leads to the latest runs, the last first', async () => {
  const page = await open('/');
  const rows = page.getByRole('region', { name: 'Latest runs' }).getByRole('row');
  await rows.nth(2).waitFor();
  expect(await rows.nth(1).textContent()).toContain('second');
  await rows.nth(1).getByRole('link', { name: 'second' }).click();
  await page.getByRole('heading', { level: 1, name: 'second' }).waitFor();
  await page.close();
});

test('the files of a logged model lie beside those of its run, and their address can be kept', async () => {
  const page = await open(`/runs/${runs[1]}?tab=artifacts`);
  await page.getByRole('button', { name: 'requirements.txt' }).click();
  await page.getByText('scikit-learn==1.9.1').waitFor();
  expect(new URL(page.url()).searchParams.get('model')).toBe(model);
  await page.reload();
  await page.getByText('scikit-learn==1.9.1').waitFor();
  await page.getByRole('tab', { name: 'Overview' }).click();
  await page.getByText('pip install -r run-environment/requirements.txt').waitFor();
  await page.close();
});

test('a metric with one value a run is drawn as bars, one with more as lines', async () => {
  const page = await open('/experiments/0?tab=charts');
  const bars = page.getByRole('list', { name: 'accuracy' }).getByRole('listitem');
  await bars.nth(1).waitFor();
  expect(await bars.allTextContents()).toEqual(['second0.5', 'first0.75']);
  await page.locator('[data-chart="loss"] [role=img]').waitFor();
  await page.close();
});
