// The bar of every page says whether a person has to act, on what and where, as it happens; quiet only when nobody has to.
import { createClient, type Client } from '@capstan/client';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { launchBrowser } from '../support/browser.ts';
import { openPage, shots, violations } from '../support/screens.ts';
import { deploy, MODELS, registerOnnxFile } from '../support/served-models.ts';
import { startServer, startServing, type RunningServer, type RunningServing } from '../support/server.ts';

const NAMES = ['one-float', 'columns'] as const;
let server: RunningServer;
let plane: RunningServing;
let browser: Browser;
let client: Client;

beforeAll(async () => {
  [server, browser] = await Promise.all([startServer(['--no-serving', '--check-replies']), launchBrowser()]);
  plane = await startServing(server.url, ['--no-grpc']);
  client = createClient({ baseUrl: server.url });
  for (const name of NAMES) {
    await registerOnnxFile(server.url, name, MODELS[name]);
    await deploy(server.url, name);
  }
});
afterAll(async () => {
  await browser?.close();
  await plane?.stop();
  await server?.stop();
});

async function opened(path: string, theme = 'light'): Promise<Page> {
  const { page, errors } = await openPage(browser, server.url + path, theme);
  onTestFinished(async () => {
    expect(errors).toEqual([]);
    await page.close();
  });
  return page;
}

const open = (deployment: string) =>
  client.deployments.openBreaker({ params: { deployment }, body: { reason: 'labels look wrong' } });
const close = (deployment: string) =>
  client.deployments.closeBreaker({ params: { deployment }, body: { reason: 'they are right' } });

test('an open breaker stands in the bar of a page that is open already, and leads to its deployment', async () => {
  const page = await opened('/models');
  const bar = page.getByRole('banner');
  await bar.getByText('All quiet').waitFor();
  await open('one-float');
  await bar.getByRole('link', { name: '1 breaker open' }).waitFor();
  expect(await bar.getByText('All quiet').count()).toBe(0);
  await bar.getByRole('link', { name: '1 breaker open' }).click();
  await page.getByRole('heading', { level: 1, name: 'one-float' }).waitFor();
  await close('one-float');
  await bar.getByText('All quiet').waitFor();
  expect(await bar.getByRole('link', { name: /breaker/ }).count()).toBe(0);
});

test.each(['light', 'dark'])('%s: several things lead to the overview, which names them', async (theme) => {
  const page = await opened('/models', theme);
  const bar = page.getByRole('banner');
  for (const name of NAMES) await open(name);
  await bar.getByRole('link', { name: '2 breakers open' }).click();
  await page.getByRole('heading', { level: 1, name: 'Overview' }).waitFor();
  for (const name of NAMES)
    await page.getByRole('link', { name: `${name}: breaker open, labels look wrong` }).waitFor();
  await page.screenshot({ path: `${shots}server-state-${theme}.png` });
  expect(await violations(page)).toEqual([]);
  for (const name of NAMES) await close(name);
  await bar.getByText('All quiet').waitFor();
  await page.getByText('breaker open').first().waitFor({ state: 'detached' });
});

test('data planes that are gone are missed, though nobody tells of it', { timeout: 90_000 }, async () => {
  const page = await opened('/models');
  const bar = page.getByRole('banner');
  // Facts come by then, and what is shown has been read again since the page was opened.
  await open('one-float');
  await bar.getByRole('link', { name: '1 breaker open' }).waitFor();
  await close('one-float');
  await bar.getByText('All quiet').waitFor();
  await plane.kill();
  await bar.getByRole('link', { name: '2 deployments without a replica' }).waitFor({ timeout: 60_000 });
  plane = await startServing(server.url, ['--no-grpc']);
  await bar.getByText('All quiet').waitFor();
});
