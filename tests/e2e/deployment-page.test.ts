import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startTestingPlane, type TestingPlane } from '../../packages/capstan/src/protocols/testing.ts';
import { launchBrowser } from '../support/browser.ts';

let browser: Browser;
let served: TestingPlane;
const complaints: string[] = [];

beforeAll(async () => {
  [browser, served] = await Promise.all([
    launchBrowser(),
    startTestingPlane({ flights: 'columns', kinds: 'datatypes' }),
  ]);
});
afterAll(async () => {
  await browser?.close();
  await served?.stop();
});

async function open(deployment: string): Promise<Page> {
  const page = await browser.newPage();
  page.on('pageerror', (error) => complaints.push(error.message));
  await page.goto(`${served.url}/models/${deployment}/docs`);
  return page;
}

test('a row is asked by keyboard, and a refusal leads to its field', async () => {
  const page = await open('flights');
  await page.getByLabel('hour').fill('half past');
  await page.keyboard.press('Enter');
  await expect.poll(() => page.getByRole('status').textContent()).toContain(`'hour' has "half past"`);
  const hour = page.getByLabel('hour');
  expect(await hour.getAttribute('aria-invalid')).toBe('true');
  expect(await hour.evaluate((field) => field === field.ownerDocument.activeElement)).toBe(true);
  await hour.fill('21');
  await page.keyboard.press('Enter');
  await expect.poll(() => page.getByRole('status').textContent()).toMatch(/^Answered in [\d.]+ ms$/);
  expect(await hour.getAttribute('aria-invalid')).toBeNull();
  expect(await page.getByRole('region', { name: 'Answer' }).textContent()).toContain('"label": 1');
  const [record] = await served.logged().then((lines) => lines.slice(-1));
  expect([...(record?.inputs?.find(({ name }) => name === 'hour')?.data ?? [])]).toEqual([21]);
});

test('64-bit integers are exact, an empty number is null', async () => {
  const page = await open('kinds');
  await page.getByLabel('in_INT64').fill('-9223372036854775808');
  await page.getByLabel('in_FP64').fill('');
  await page.getByLabel('in_BOOL').selectOption('false');
  await page.getByRole('button', { name: 'Predict' }).click();
  const answer = page.getByRole('region', { name: 'Answer' });
  await expect.poll(() => answer.textContent()).toContain('"out_INT64": -9223372036854775808,');
  expect(await answer.textContent()).toMatch(/"out_BOOL": false,[^]*"out_FP64": null,/);
  expect(complaints).toEqual([]);
});
