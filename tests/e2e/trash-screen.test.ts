// The trash in a real browser: choose, restore, purge by a typed word.
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { launchBrowser } from '../support/browser.ts';
import { checkScreen, openPage } from '../support/screens.ts';
import { startServer, type RunningServer } from '../support/server.ts';

let server: RunningServer;
let browser: Browser;
const runs: string[] = [];

async function post(path: string, body: object): Promise<Record<string, unknown>> {
  const response = await fetch(`${server.url}${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  expect(response.status, path).toBe(200);
  return (await response.json()) as Record<string, unknown>;
}

beforeAll(async () => {
  [server, browser] = await Promise.all([
    startServer(['--no-serving', '--blob-grace', '0s', '--trash-retention', '30d']),
    launchBrowser(),
  ]);
  for (const name of ['keep me', 'away with me', '<img src=x onerror=alert(1)>']) {
    const { run } = (await post('/api/2.0/mlflow/runs/create', { experiment_id: '0', run_name: name })) as {
      run: { info: { run_id: string } };
    };
    const id = run.info.run_id;
    runs.push(id);
    const place = `${server.url}/api/2.0/mlflow-artifacts/artifacts/0/${id}/artifacts/a.bin`;
    await fetch(place, { method: 'PUT', body: `${name}`.repeat(100) });
  }
  await post('/api/2.0/mlflow/registered-models/create', { name: 'late-arrival' });
  const version = { name: 'late-arrival', run_id: runs[2], source: `runs:/${runs[2]}/a.bin` };
  await post('/api/2.0/mlflow/model-versions/create', version);
  await post('/api/v1/trash/delete', { runs });
});

afterAll(async () => {
  await browser?.close();
  await server?.stop();
});

test.each(['light', 'dark'])('%s: shows what is in it, its bytes, and who holds what', async (theme) => {
  await checkScreen(browser, server.url, theme, {
    name: 'trash',
    path: '/trash',
    heading: 'Trash',
    text: 'model version late-arrival/1',
  });
});

test('restores what is chosen, and purges once the word is typed', async () => {
  const { page, errors } = await openPage(browser, `${server.url}/trash`, 'light');
  await page.getByRole('checkbox', { name: 'Choose run keep me' }).check();
  await page.getByRole('button', { name: 'Restore' }).click();
  await page.getByRole('checkbox', { name: 'Choose run keep me' }).waitFor({ state: 'detached' });
  await page.getByRole('checkbox', { name: 'Choose run away with me' }).check();
  await page.getByRole('button', { name: 'Purge', exact: true }).click();
  const dialog = page.getByRole('dialog', { name: 'Purge' });
  await dialog.getByText('Removes 0 experiments, 1 run, 0 logged models').waitFor();
  expect(await dialog.getByRole('button', { name: 'Purge', exact: true }).isDisabled()).toBe(true);
  await dialog.getByRole('textbox').fill('purge');
  await dialog.getByRole('button', { name: 'Purge', exact: true }).click();
  await page.getByRole('checkbox', { name: 'Choose run away with me' }).waitFor({ state: 'detached' });
  const statuses = await Promise.all(
    runs.map((id) => fetch(`${server.url}/api/2.0/mlflow/runs/get?run_id=${id}`).then(({ status }) => status)),
  );
  expect(statuses).toEqual([200, 404, 200]);
  expect(errors).toEqual([]);
  await page.close();
});
