// Prompts in a real browser: MLflow keeps them as registered models; here they have a list and a page of their own.
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { launchBrowser } from '../support/browser.ts';
import { openPage, violations } from '../support/screens.ts';
import { startServer, type RunningServer } from '../support/server.ts';

const TEXT = 'You are an analyst.\n\nSummarise: {{text}}';

let server: RunningServer;
let browser: Browser;

async function post(path: string, body: object): Promise<void> {
  const response = await fetch(`${server.url}/api/2.0/mlflow/${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  expect(response.status, path).toBe(200);
}

beforeAll(async () => {
  [server, browser] = await Promise.all([startServer(['--no-serving']), launchBrowser()]);
  const mark = { key: 'mlflow.prompt.is_prompt', value: 'true' };
  await post('registered-models/create', { name: 'summarise', tags: [mark] });
  const tags = [mark, { key: 'mlflow.prompt.text', value: TEXT }, { key: 'team', value: 'ops' }];
  await post('model-versions/create', { name: 'summarise', source: 'dummy-source', tags });
  await post('registered-models/create', { name: 'late-arrival' });
});

afterAll(async () => {
  await browser?.close();
  await server?.stop();
});

test.each(['light', 'dark'])('a prompt is found in its list, and its page is its text (%s)', async (theme) => {
  const { page, errors } = await openPage(browser, `${server.url}/models`, theme);
  await page.getByRole('link', { name: 'late-arrival' }).waitFor();
  expect(await page.getByRole('link', { name: 'summarise' }).count()).toBe(0);
  await page.getByRole('tab', { name: 'Prompts' }).click();
  await page.getByRole('link', { name: 'summarise' }).waitFor();
  expect(await page.getByRole('link', { name: 'late-arrival' }).count()).toBe(0);
  expect(await violations(page)).toEqual([]);
  await page.getByRole('link', { name: 'summarise' }).click();
  await page.getByRole('link', { name: 'v1', exact: true }).click();
  await page.getByRole('heading', { level: 1, name: 'summarise v1' }).waitFor();
  expect(await page.locator('pre').first().textContent()).toBe(TEXT);
  await page.getByText('load_prompt("prompts:/summarise/1")').waitFor();
  const facts = (await page.getByRole('complementary', { name: 'Facts' }).textContent()) ?? '';
  expect(facts).toContain('ops');
  expect(facts).not.toContain('is_prompt');
  expect(await page.getByText(/signature/i).count()).toBe(0);
  expect(await violations(page)).toEqual([]);
  expect(errors).toEqual([]);
  await page.close();
});
