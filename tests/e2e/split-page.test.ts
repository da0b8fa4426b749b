// A split by hand on the page of its deployment: another share by the keyboard alone, what is refused and why, all of it.
import { createClient, type Client } from '@capstan/client';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { launchBrowser } from '../support/browser.ts';
import { openPage, shots, violations } from '../support/screens.ts';
import { MODELS, registerOnnxFile, serveModels, type ServedModels } from '../support/served-models.ts';
import { capstan } from '../support/server.ts';

const NAME = 'one-float';
const params = { deployment: NAME };
let server: ServedModels;
let browser: Browser;
let client: Client;

beforeAll(async () => {
  [server, browser] = await Promise.all([serveModels({ [NAME]: MODELS[NAME] }), launchBrowser()]);
  client = createClient({ baseUrl: server.url });
  await registerOnnxFile(server.url, NAME, MODELS[NAME]);
});
afterAll(async () => {
  await browser?.close();
  await server?.stop();
});

async function opened(theme = 'light'): Promise<{ page: Page; errors: string[] }> {
  const at = await openPage(browser, `${server.url}/deployments/${NAME}`, theme);
  await at.page.getByText('All quiet').waitFor();
  await at.page.getByRole('heading', { name: 'Replicas' }).waitFor();
  return at;
}

const shareNow = async (): Promise<unknown> => {
  const { rollout } = await client.deployments.get({ params });
  return rollout?.plan[rollout.stage];
};
const split = (share: string) => capstan(['deploy', NAME, '--share', share, '--wait'], server.url);

test('where nothing is split there is no share to change', async () => {
  const { page } = await opened();
  expect(await page.getByRole('button', { name: 'Change share' }).count()).toBe(0);
  await page.close();
});

test('by the keyboard alone, with the arrows or by its number, the share is another', async () => {
  expect((await split('20%')).code).toBe(0);
  const { page, errors } = await opened();
  await page.getByRole('button', { name: 'Change share' }).focus();
  await page.keyboard.press('Enter');
  const dialog = page.getByRole('dialog', { name: 'Change share' });
  await dialog.waitFor();
  const slider = dialog.getByRole('slider', { name: 'Share of revision 2, in whole percents' });
  expect(await page.evaluate('document.activeElement.type')).toBe('range');
  for (let press = 0; press < 5; press++) await page.keyboard.press('ArrowRight');
  await dialog
    .getByText('Revision 2 answers 25 % of the requests instead of 20 %, the champion the other 75 %.')
    .waitFor();
  await page.keyboard.press('Tab');
  await page.keyboard.type('33.5');
  await dialog.getByText('Revision 2 answers 33.5 % of the requests').waitFor();
  expect(await slider.getAttribute('aria-valuetext')).toBe('33.5 %');
  // Nothing happens without a reason.
  const change = dialog.getByRole('button', { name: 'Change share' });
  expect(await change.isDisabled()).toBe(true);
  await page.keyboard.press('Tab');
  await page.keyboard.type('it does well');
  await page.keyboard.press('Tab');
  await page.keyboard.press('Tab');
  await page.keyboard.press('Enter');
  await dialog.waitFor({ state: 'hidden' });
  await page.getByText('Canary 33.5 %').waitFor();
  expect(await shareNow()).toMatchObject({ kind: 'canary', share: 0.335 });
  expect(errors).toEqual([]);
  await page.close();
});

test.each(['light', 'dark'])('%s: the page and its dialog', async (theme) => {
  const { page, errors } = await opened(theme);
  await page.screenshot({ path: `${shots}split-${theme}.png` });
  await page.getByRole('button', { name: 'Change share' }).click();
  await page.getByRole('spinbutton', { name: 'Share of revision 2' }).fill('50');
  await page.getByRole('dialog').getByLabel('Why').fill('as good as the champion in a thousand answers');
  await page.screenshot({ path: `${shots}split-share-${theme}.png` });
  expect(await violations(page)).toEqual([]);
  expect(errors).toEqual([]);
  await page.close();
});

test('a share that is none is not sent, and what the server refuses is said in the dialog', async () => {
  const { page } = await opened();
  await page.getByRole('button', { name: 'Change share' }).click();
  const dialog = page.getByRole('dialog', { name: 'Change share' });
  const number = dialog.getByRole('spinbutton', { name: 'Share of revision 2' });
  await dialog.getByLabel('Why').fill('more');
  for (const wrong of ['0', '100', '120', '-5', '']) {
    await number.fill(wrong);
    await dialog.getByText('A share is more than 0 % and less than 100 %').waitFor();
    await dialog.getByRole('button', { name: 'Change share' }).click();
    expect(await page.evaluate('document.getElementById("share-number").checkValidity()')).toBe(false);
  }
  expect(await shareNow()).toMatchObject({ share: 0.335 });
  await number.fill('60');
  // Somebody ends the split while the dialog is open; this page has not heard of it.
  await page.route('**/api/v1/events/feed*', (route) => route.abort());
  const { rollout } = await client.deployments.get({ params });
  await page.route(`**/api/v1/rollouts/${rollout?.id}/share`, async (route) => {
    await client.deployments.rollBack({ params, body: { reason: 'no' } });
    await route.continue();
  });
  await dialog.getByRole('button', { name: 'Change share' }).click();
  await dialog.getByText('is no split by hand that is under way').waitFor();
  await page.close();
});

test('all of it makes the revision the champion', async () => {
  expect((await split('40%')).code).toBe(0);
  const { page } = await opened();
  await page.getByText('A split by hand: nothing is judged').waitFor();
  await page.getByRole('button', { name: 'Give it all' }).click();
  const dialog = page.getByRole('dialog', { name: 'Give it all' });
  await dialog.getByText('Revision 3 answers every request and becomes the champion.').waitFor();
  await dialog.getByLabel('Why').fill('better for everybody');
  await dialog.getByRole('button', { name: 'Give it all' }).click();
  await page.getByText('No change is under way').waitFor();
  expect(await client.deployments.get({ params })).toMatchObject({ champion: { number: 3 } });
  await page.close();
});
