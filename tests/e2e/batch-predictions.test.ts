// The part of a deployment's page for batch predictions: from the empty state through the form to the result, in both themes.
import { rmSync } from 'node:fs';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { launchBrowser } from '../support/browser.ts';
import { openShop, writeShop } from '../support/measured-shop.ts';
import { checkScreen, openPage, violations } from '../support/screens.ts';
import { capstan, startServer, type RunningServer } from '../support/server.ts';

const POINTS = 5_000;
const path = '/deployments/plus?tab=batch';
let server: RunningServer;
let browser: Browser;

beforeAll(async () => {
  const folder = await writeShop(POINTS);
  [server, browser] = await Promise.all([startServer(['--check-replies', '--slurm']), launchBrowser()]);
  await openShop(server.url, folder);
});
afterAll(async () => {
  await browser?.close();
  await server?.stop();
  if (server) rmSync(server.data, { recursive: true, force: true });
});

test('from nothing to a result, by the form alone', async () => {
  const { page, errors } = await openPage(browser, server.url + path, 'light');
  await page.getByText('No dataset version has been predicted yet').waitFor();
  await page.getByText('capstan predict plus --dataset NAME').waitFor();
  await page.getByLabel('Dataset').selectOption('points');
  await page.getByLabel('Result becomes a version of').fill('points');
  await page.getByRole('button', { name: 'Predict all rows' }).click();
  await page.getByText('which it is made from').waitFor();
  await page.getByLabel('Result becomes a version of').fill('answers');
  await page.getByRole('button', { name: 'Predict all rows' }).click();
  const row = page.getByRole('row', { name: 'points v1' });
  await row.getByText('succeeded').waitFor({ timeout: 60_000 });
  expect(await row.innerText()).toContain('5,000');
  await page.getByText('The first rows of answers v1').first().waitFor();
  await page.getByRole('cell', { name: '1.5', exact: true }).first().waitFor();
  expect(await violations(page)).toEqual([]);
  await row.getByRole('link', { name: 'answers v1' }).click();
  await page.getByText('batch prediction bp_').waitFor();
  expect(errors.filter((text) => !text.includes('409'))).toEqual([]);
  await page.close();
});

test.each(['light', 'dark'])('%s: a result, a failure with its row, a download', async (theme) => {
  await capstan(['predict', 'plus', '--dataset', 'notes', '--wait'], server.url);
  await capstan(['predict', 'plus', '--dataset', 'points', '--wait'], server.url);
  const shown = { name: 'batch-predictions', path, heading: 'plus', text: 'Row 42: The column' };
  await checkScreen(browser, server.url, theme, shown);
});

test('on another executor: it is chosen in the form, and the table says where and why not', async () => {
  const { page, errors } = await openPage(browser, server.url + path, 'light');
  await page.getByLabel('Dataset').selectOption('notes');
  await page.getByLabel('Runs on').selectOption('slurm');
  await page.getByRole('button', { name: 'Predict all rows' }).click();
  const row = page.getByRole('row', { name: 'slurm' });
  await row.getByText('failed').waitFor({ timeout: 60_000 });
  expect(await row.innerText()).toMatch(/sbatch|not built/);
  expect(await violations(page)).toEqual([]);
  expect(errors).toEqual([]);
  await page.close();
});
