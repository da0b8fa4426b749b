// Every screen in a real browser, in both themes: no console errors, no accessibility violations, a screenshot in docs/.
import { createClient } from '@capstan/client';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { launchBrowser } from '../support/browser.ts';
import { checkScreen, openPage } from '../support/screens.ts';
import { capstan, startServer, type RunningServer } from '../support/server.ts';
import { PROJECT, smallFlights } from '../support/small-flights.ts';

const screens = [
  { name: 'overview', path: '/', heading: 'Overview' },
  { name: 'audit', path: '/audit', heading: 'Audit' },
  { name: 'webhooks', path: '/webhooks', heading: 'Webhooks', text: 'Nobody outside hears of models' },
  { name: 'trash-empty', path: '/trash', heading: 'Trash', text: 'The trash is empty' },
  { name: 'no-such-page', path: '/nowhere', heading: 'No such page' },
];
let server: RunningServer;
let browser: Browser;

beforeAll(async () => {
  [server, browser] = await Promise.all([startServer(), launchBrowser()]);
});

afterAll(async () => {
  await browser?.close();
  await server?.stop();
});

describe.each(['light', 'dark'])('%s', (theme) => {
  test.each(screens)('$name', (screen) => checkScreen(browser, server.url, theme, screen));
});

test('the keyboard reaches every link of the rail, first the way past it', async () => {
  const { page } = await openPage(browser, server.url, 'light');
  await page.getByRole('heading', { level: 1 }).waitFor();
  await page.getByText('All quiet').waitFor();
  const links = await page.getByRole('navigation', { name: 'Main' }).getByRole('link').allTextContents();
  const reached: (string | null)[] = [];
  for (let step = 0; step <= links.length; step++) {
    await page.keyboard.press('Tab');
    reached.push(await page.evaluate<string | null>('document.activeElement?.textContent?.trim() ?? null'));
  }
  expect(links).toEqual(
    expect.arrayContaining(['Overview', 'Projects', 'Experiments', 'Models', 'Deployments', 'Audit']),
  );
  expect(reached).toEqual(['Skip to content', ...links]);
  await page.close();
});

test('a webhook and a model show what happened: to whom it was told, and who did it', async () => {
  const own = await startServer(['--no-serving', '--outbound-targets', '127.0.0.1:1']);
  const client = createClient({ baseUrl: own.url });
  const { id } = await client.webhooks.create({
    body: { name: 'ci', url: 'http://127.0.0.1:1/', events: ['registered_model.created'], secret: 'hidden' },
  });
  const model = await fetch(`${own.url}/api/2.0/mlflow/registered-models/create`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ name: 'late', description: 'who is late', tags: [{ key: 'team', value: 'ops' }] }),
  });
  expect(model.status).toBe(200);
  for (const theme of ['light', 'dark']) {
    await checkScreen(browser, own.url, theme, {
      name: 'webhook',
      path: `/webhooks/${id}`,
      heading: 'ci',
      text: 'Cannot connect to 127.0.0.1:1',
    });
  }
  const { page } = await openPage(browser, `${own.url}/models/late`, 'light');
  await page.getByText('Tag team: ops').waitFor();
  expect(await page.getByRole('list', { name: 'History' }).getByRole('listitem').count()).toBe(3);
  await page.close();
  expect(await own.stop()).toBe(0);
});

test('a server that goes away is said, with what to do', async () => {
  const own = await startServer();
  const page = await browser.newPage();
  await page.goto(own.url);
  await page.getByText('All quiet').waitFor();
  await own.kill();
  await page.getByText('Server not reachable').waitFor({ timeout: 30_000 });
  await page.close();
});

test('one place of the rail is marked: that of the page', async () => {
  const folder = smallFlights();
  const applied = await capstan(['apply', '--file', `${folder}/capstan.yaml`], server.url);
  expect(applied.code, applied.err).toBe(0);
  const { page } = await openPage(browser, server.url, 'light');
  const marked: Record<string, string[]> = {};
  for (const path of ['', '/datasets', '/datasets/flights']) {
    await page.goto(`${server.url}/projects/${PROJECT}${path}`);
    await page.getByRole('heading', { level: 1 }).waitFor();
    marked[path] = await page.locator('nav[aria-label=Main] li [aria-current=page]').allTextContents();
  }
  expect(marked).toEqual({ '': ['Charter and cycle'], '/datasets': ['Datasets'], '/datasets/flights': ['Datasets'] });
  await page.close();
});
