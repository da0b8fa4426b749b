// Every screen in a real browser, in both themes: no console errors, no accessibility violations, a screenshot in docs/.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { launchBrowser } from '../support/browser.ts';
import { startServer, type RunningServer } from '../support/server.ts';

const screens = [
  { name: 'overview', path: '/', heading: 'Overview' },
  { name: 'audit', path: '/audit', heading: 'Audit' },
  { name: 'no-such-page', path: '/nowhere', heading: 'No such page' },
];
const axe = readFileSync(fileURLToPath(import.meta.resolve('axe-core/axe.min.js')), 'utf8');
const shots = fileURLToPath(new URL('../../docs/screenshots/', import.meta.url));

interface AxeResult {
  readonly violations: readonly { readonly id: string; readonly nodes: readonly { readonly html: string }[] }[];
}

let server: RunningServer;
let browser: Browser;

beforeAll(async () => {
  [server, browser] = await Promise.all([startServer(), launchBrowser()]);
});

afterAll(async () => {
  await browser?.close();
  await server?.stop();
});

async function open(path: string, theme: string): Promise<{ page: Page; errors: string[] }> {
  const page = await browser.newPage({ viewport: { width: 1440, height: 900 } });
  const errors: string[] = [];
  page.on('console', (message) => message.type() === 'error' && errors.push(message.text()));
  page.on('pageerror', (error) => errors.push(error.message));
  await page.addInitScript((value) => localStorage.setItem('capstan.theme', value), theme);
  await page.goto(server.url + path);
  return { page, errors };
}

async function violations(page: Page): Promise<string[]> {
  // Run in the page's own world by the debugger, which its content policy does not bind.
  await page.evaluate(axe);
  const result = (await page.evaluate(
    "axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21aa', 'wcag22aa'] })",
  )) as AxeResult;
  return result.violations.map(
    (violation) => `${violation.id}: ${violation.nodes.map((node) => node.html).join(' | ')}`,
  );
}

describe.each(['light', 'dark'])('%s', (theme) => {
  test.each(screens)('$name', async ({ name, path, heading }) => {
    const { page, errors } = await open(path, theme);
    await page.getByRole('heading', { level: 1, name: heading }).waitFor();
    await page.waitForLoadState('load');
    await page.getByText('All quiet').waitFor();
    expect(await violations(page)).toEqual([]);
    expect(errors).toEqual([]);
    await page.screenshot({ path: `${shots}${name}-${theme}.png` });
    await page.close();
  });
});

test('the keyboard reaches every link of the rail, first the way past it', async () => {
  const { page } = await open('/', 'light');
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
