// What every test of a screen does: open it in a theme, collect its errors, ask axe, take its picture.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Browser, Page, Request } from 'playwright-core';
import { expect } from 'vitest';

const axe = readFileSync(fileURLToPath(import.meta.resolve('axe-core/axe.min.js')), 'utf8');
/** Where pictures of screens go. */
export const shots = fileURLToPath(new URL('../../docs/screenshots/', import.meta.url));

interface AxeResult {
  readonly violations: readonly { readonly id: string; readonly nodes: readonly { readonly html: string }[] }[];
}

export interface Screen {
  /** Of the picture: docs/screenshots/NAME-THEME.png. */
  readonly name: string;
  readonly path: string;
  readonly heading: string;
  /** Stands on it once its data are there. */
  readonly text?: string;
  /** What the bar says needs a person; left out: nothing does. */
  readonly needs?: string;
}

/** @throws Error of an assertion for a console error, a violation of WCAG 2.2 AA, or a heading that does not come */
export async function checkScreen(browser: Browser, url: string, theme: string, screen: Screen): Promise<void> {
  const { page, errors } = await openPage(browser, url + screen.path, theme);
  try {
    await page.getByRole('heading', { level: 1, name: screen.heading }).waitFor({ timeout: 20_000 });
    await page.waitForLoadState('load');
    const bar = page.getByRole('banner');
    await bar.getByText(screen.needs ?? 'All quiet', { exact: true }).waitFor({ timeout: 20_000 });
    await bar.getByText('jobs at work').waitFor({ state: 'detached', timeout: 20_000 });
    if (screen.text !== undefined) await page.getByText(screen.text).first().waitFor({ timeout: 20_000 });
    await page.screenshot({ path: `${shots}${screen.name}-${theme}.png` });
    expect(await violations(page)).toEqual([]);
    expect(errors).toEqual([]);
  } finally {
    await page.close();
  }
}

export async function openPage(
  browser: Browser,
  url: string,
  theme: string,
): Promise<{ page: Page; errors: string[] }> {
  const page = await browser.newPage({ viewport: { width: 1440, height: 900 } });
  const errors: string[] = [];
  page.on('console', (message) => message.type() === 'error' && errors.push(message.text()));
  page.on('pageerror', (error) => errors.push(error.message));
  await page.addInitScript((value) => localStorage.setItem('capstan.theme', value), theme);
  await page.goto(url);
  return { page, errors };
}

/** What axe finds against WCAG 2.2 AA on a page as it is. */
export async function violations(page: Page): Promise<string[]> {
  // Run in the page's own world by the debugger, which its content policy does not bind.
  await page.evaluate(axe);
  const result = (await page.evaluate(
    "axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21aa', 'wcag22aa'] })",
  )) as AxeResult;
  return result.violations.map(
    (violation) => `${violation.id}: ${violation.nodes.map((node) => node.html).join(' | ')}`,
  );
}

/** Metrics, params and tags that a call of the page asks of many runs. */
export function keysAsked(request: Request): string[] {
  if (!request.url().endsWith('/runs/search')) return [];
  const { metrics = [], params = [], tags = [] } = request.postDataJSON() as Record<string, string[] | undefined>;
  return [...metrics, ...params, ...tags];
}
