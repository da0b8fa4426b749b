// Every screen in a real browser, in both themes: no console errors, no accessibility violations, a screenshot in docs/.
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { launchBrowser } from '../support/browser.ts';
import { checkScreen, openPage } from '../support/screens.ts';
import { startServer, type RunningServer } from '../support/server.ts';

const screens = [
  { name: 'overview', path: '/', heading: 'Overview' },
  { name: 'audit', path: '/audit', heading: 'Audit' },
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

test('a server that goes away is said, with what to do', async () => {
  const own = await startServer();
  const page = await browser.newPage();
  await page.goto(own.url);
  await page.getByText('All quiet').waitFor();
  await own.kill();
  await page.getByText('Server not reachable').waitFor({ timeout: 30_000 });
  await page.close();
});
