// Consumers: the empty screen with its first command, a caller that is declared by the keyboard alone, its token shown once,
// both themes with real volume, a rotation, a revocation, and who may call a deployment.
import { createHash } from 'node:crypto';
import { createClient, type Client } from '@capstan/client';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { launchBrowser } from '../support/browser.ts';
import { checkScreen, openPage, shots, violations } from '../support/screens.ts';
import { MODELS, serveModels, type ServedModels } from '../support/served-models.ts';

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

async function ask(token?: string, agent = 'booking-service/2.1'): Promise<number> {
  const response = await fetch(`${server.servingUrl}/v2/models/${NAME}/infer`, {
    method: 'POST',
    headers: { 'user-agent': agent, ...(token !== undefined && { authorization: `Bearer ${token}` }) },
    body: JSON.stringify({ inputs: [{ name: 'in_FP32', datatype: 'FP32', shape: [2, 2], data: [1, 2, 3, 4] }] }),
  });
  await response.arrayBuffer();
  return response.status;
}

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');
const told = () => fetch(`${server.servingUrl}/api/v1/serving/flush`, { method: 'POST' });

async function opened(path: string): Promise<{ page: Page; errors: string[] }> {
  const at = await openPage(browser, server.url + path, 'light');
  await at.page.getByText('All quiet').waitFor();
  return at;
}

test('before anybody is declared, the screen says how to', async () => {
  const { page } = await opened('/consumers');
  await page.getByText('capstan consumers create booking-app').waitFor();
  await page.getByText('Nobody called without a token').waitFor();
  expect(await violations(page)).toEqual([]);
  await page.close();
});

describe('once somebody has called', () => {
  let token = '';
  beforeAll(async () => {
    for (let call = 0; call < 5; call++) await ask();
    await ask(undefined, 'curl/8.5.0');
    await told();
  });

  test('a caller is declared by the keyboard alone, and its token is shown once', async () => {
    const { page, errors } = await opened('/consumers');
    const row = page.getByRole('row', { name: 'booking-service' });
    await row.getByText('127.0.0.1').waitFor();
    const declare = row.getByRole('button', { name: `Declare booking-service of ${NAME}` });
    await declare.focus();
    await page.keyboard.press('Enter');
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('Name').waitFor();
    expect(await dialog.getByLabel('Name').inputValue()).toBe('booking-service');
    expect(await dialog.getByRole('checkbox', { name: NAME }).isChecked()).toBe(true);
    expect(await violations(page)).toEqual([]);
    await dialog.getByLabel('Name').focus();
    await page.keyboard.press('Tab');
    await page.keyboard.type('booking team');
    await page.keyboard.press('Tab');
    await page.keyboard.type('warns travellers of delays');
    await page.keyboard.press('Tab');
    await page.keyboard.press('Tab');
    await page.keyboard.type('100');
    await page.keyboard.press('Enter');
    await dialog.getByRole('heading', { name: 'The token of booking-service' }).waitFor();
    token = await dialog.getByText(/^cap_\w{40}$/).innerText();
    expect(await violations(page)).toEqual([]);
    await dialog.getByRole('button', { name: 'I have it' }).press('Enter');
    await page.getByRole('link', { name: 'booking-service' }).waitFor();
    await vi.waitFor(async () => expect(await page.content()).not.toContain(token));
    expect(errors).toEqual([]);
    await page.close();
    expect((await client.consumers.list({ query: {} })).items).toMatchObject([
      { owner: 'booking team', deployments: [NAME], quota: { amount: 100, unit: 'rows', per: 'minute' } },
    ]);
    await vi.waitFor(async () => expect(await ask(token)).toBe(200), 10_000);
  });

  test('a name that is taken is said where it was asked', async () => {
    const { page } = await opened('/consumers');
    await page.getByRole('button', { name: 'Add a consumer' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('Name').fill('booking-service');
    await dialog.getByLabel('Owner').fill('x');
    await dialog.getByLabel('Purpose').fill('y');
    await dialog.getByRole('button', { name: 'Create it and its token' }).click();
    await dialog.getByText("There is a consumer 'booking-service' already").waitFor();
    await page.keyboard.press('Escape');
    await page.close();
  });

  test.each(['light', 'dark'])('%s: list, page and callers of a deployment', async (theme) => {
    for (let call = 0; call < 8; call++) await ask(token);
    await client.consumers.create({ body: { name: `nightly-${theme}`, owner: 'operations', purpose: 'a report' } });
    await told();
    const list = { name: 'consumers', path: '/consumers', heading: 'Consumers', text: 'rows per minute' };
    await checkScreen(browser, server.url, theme, list);
    const path = '/consumers/booking-service';
    const page = { name: 'consumer', path, heading: 'booking-service', text: 'Quota used' };
    await checkScreen(browser, server.url, theme, page);
    const callers = `/deployments/${NAME}?tab=callers`;
    const deployment = { name: 'deployment-callers', path: callers, heading: NAME, text: 'booking-service' };
    await checkScreen(browser, server.url, theme, deployment);
  });

  test.each(['light', 'dark'])('%s: callers whose token is not known, and what to do', async (theme) => {
    for (let call = 0; call < 3; call++) await ask(`cap_${'x'.repeat(40)}`, 'nightly-export/1.0');
    await told();
    const { page, errors } = await openPage(browser, `${server.url}/consumers`, theme);
    const row = page.getByRole('row', { name: 'nightly-export' });
    await row.getByText('None of Capstan’s').waitFor();
    await page.getByRole('heading', { name: 'Refused' }).scrollIntoViewIfNeeded();
    await page.screenshot({ path: `${shots}consumers-refused-${theme}.png` });
    expect(await violations(page)).toEqual([]);
    expect(await page.content()).not.toContain('xxxx');
    expect(errors).toEqual([]);
    await page.goto(`${server.url}/deployments/${NAME}?tab=callers`);
    await page.getByRole('row', { name: 'nightly-export' }).waitFor();
    await page.close();
  });

  test('a token is rotated and the one before revoked, with a reason', async () => {
    const { page } = await opened('/consumers/booking-service');
    await page.getByRole('button', { name: 'Rotate the token' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel(/for how many hours/).fill('2');
    await dialog.getByRole('button', { name: 'Issue a token' }).click();
    const second = await dialog.getByText(/^cap_\w{40}$/).innerText();
    await dialog.getByRole('button', { name: 'I have it' }).click();
    const before = page.getByRole('row', { name: token.slice(0, 10) });
    await before.getByText('in 2 hours').or(before.getByText('in 1 hour')).waitFor();
    await before.getByRole('button', { name: `Revoke: Revoke ${token.slice(0, 10)}…` }).click();
    await page.getByRole('dialog').getByLabel('Why').fill('it is in a log');
    await page.getByRole('dialog').getByRole('button', { name: 'Revoke' }).click();
    await before.waitFor({ state: 'detached' });
    await vi.waitFor(async () => expect(await ask(token)).toBe(401), 10_000);
    expect(await ask(second)).toBe(200);
    await told();
    await page.goto(`${server.url}/consumers`);
    const refused = page.getByRole('region', { name: 'Callers with a token that is not known' }).getByRole('row');
    const known = refused.filter({ hasText: `${token.slice(0, 10)}… of booking-service, not taken since` });
    await known.getByText('127.0.0.1').waitFor();
    await known.getByText(sha256(token).slice(0, 8)).waitFor();
    await page.goto(`${server.url}/audit`);
    await page
      .getByText(`Token ${token.slice(0, 10)}… of booking-service revoked: it is in a log`)
      .first()
      .waitFor();
    await page.close();
  });

  test('a deployment that asks for a token answers nobody else', async () => {
    const { page } = await opened(`/deployments/${NAME}?tab=callers`);
    await page.getByRole('button', { name: 'Ask for a token' }).click();
    await page.getByText('declared consumers only, by their tokens').waitFor();
    await vi.waitFor(async () => expect(await ask()).toBe(401), 10_000);
    await page.getByRole('button', { name: 'Let anybody call it' }).click();
    await page.getByText('anybody; callers without a token are listed').waitFor();
    await vi.waitFor(async () => expect(await ask()).toBe(200), 10_000);
    await page.close();
  });
});
