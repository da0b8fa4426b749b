// The table of runs as one arranges it: sorted by several columns, columns moved, the picture of a chart kept. In the address.
import { readFile } from 'node:fs/promises';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { launchBrowser } from '../support/browser.ts';
import { openPage, violations } from '../support/screens.ts';
import { seedRuns, type Seeded } from '../support/seed-runs.ts';
import { emptyFolder, startServer, type RunningServer } from '../support/server.ts';

let server: RunningServer;
let browser: Browser;
let seeded: Seeded;

beforeAll(async () => {
  const data = emptyFolder();
  // Once, for the tables to be there.
  await (await startServer(['--no-serving'], data)).stop();
  seeded = seedRuns(data, { runs: 120, keys: 60, points: 60_000, now: Date.now() });
  [server, browser] = await Promise.all([startServer(['--no-serving'], data), launchBrowser()]);
});

afterAll(async () => {
  await browser?.close();
  await server?.stop();
});

const columns = ['params.optimizer', 'params.depth', 'metrics.val/loss'];

async function openTable(more = ''): Promise<Page> {
  const asked = `?columns=${encodeURIComponent(JSON.stringify(columns))}&nest=false${more}`;
  const { page } = await openPage(browser, `${server.url}/experiments/${seeded.experiment}${asked}`, 'light');
  await page.locator('[role=grid][data-ready=true] [data-row="0"]').waitFor();
  return page;
}

const head = (page: Page, name: string) => page.getByRole('columnheader', { name, exact: false });
const sortBy = (page: Page, name: string, isAdding = false) =>
  head(page, name)
    .getByRole('button')
    .first()
    .click(isAdding ? { modifiers: ['Shift'] } : {});
/** What the columns between Took and By are called, from the left. */
const order = async (page: Page) =>
  (await page.locator('[data-movable]').allTextContents()).map((text) => /optimizer|depth|loss/.exec(text)?.[0]);

/** Texts of two columns, top down. */
async function pairs(page: Page, first: number, second: number): Promise<[string, string][]> {
  await expect.poll(() => page.locator(`[data-cell="9:${second}"]`).textContent()).not.toBe('');
  const texts = async (column: number) =>
    await Promise.all(
      Array.from({ length: 10 }, async (_, row) =>
        ((await page.locator(`[data-cell="${row}:${column}"]`).textContent()) ?? '').trim(),
      ),
    );
  const [a, b] = [await texts(first), await texts(second)];
  return a.map((text, index) => [text, b[index] ?? '']);
}

describe('sorting by several columns', () => {
  test('Shift adds a column behind the others; each says its place; the address keeps them', async () => {
    const page = await openTable();
    await sortBy(page, 'optimizer');
    await sortBy(page, 'loss', true);
    await sortBy(page, 'loss', true);
    await expect.poll(() => head(page, 'optimizer').textContent()).toContain('↓1');
    await expect.poll(() => head(page, 'loss').textContent()).toContain('↑2');
    expect(await head(page, 'loss').getAttribute('aria-sort')).toBe('ascending');
    const check = async (of: Page) => {
      const isSorted = async () => {
        const rows = await pairs(of, 5, 7);
        const losses = rows.map(([, loss]) => Number(loss));
        return rows.every(
          ([optimizer], index) => optimizer === 'sgd' && (losses[index] ?? 0) >= (losses[index - 1] ?? 0),
        );
      };
      await expect.poll(isSorted).toBe(true);
    };
    await check(page);
    expect(await violations(page)).toEqual([]);
    const other = (await openPage(browser, page.url(), 'dark')).page;
    await other.locator('[role=grid][data-ready=true] [data-row="9"]').waitFor();
    await check(other);
    await sortBy(page, 'loss');
    await expect.poll(() => head(page, 'optimizer').getAttribute('aria-sort')).toBeNull();
    await Promise.all([page.close(), other.close()]);
  });

  test('an address with one order, as before, still counts', async () => {
    const page = await openTable(`&sort=${encodeURIComponent('params.optimizer ASC')}`);
    await expect.poll(() => head(page, 'optimizer').getAttribute('aria-sort')).toBe('ascending');
    await page.close();
  });

  test('by the keyboard: Shift and Enter', async () => {
    const page = await openTable();
    await head(page, 'optimizer').getByRole('button').first().focus();
    await page.keyboard.press('Enter');
    await page.keyboard.press('ArrowRight');
    await expect.poll(() => page.evaluate('document.activeElement.textContent')).toContain('depth');
    await page.keyboard.press('Shift+Enter');
    await expect.poll(() => head(page, 'depth').textContent()).toContain('↓2');
    await page.close();
  });
});

describe('moving columns', () => {
  test('a column is dragged to the place of another, and that is no sort', async () => {
    const page = await openTable();
    expect(await order(page)).toEqual(['optimizer', 'depth', 'loss']);
    const [from, to] = [await head(page, 'optimizer').boundingBox(), await head(page, 'loss').boundingBox()];
    await page.mouse.move((from?.x ?? 0) + 30, (from?.y ?? 0) + 20);
    await page.mouse.down();
    await page.mouse.move((from?.x ?? 0) + 80, (from?.y ?? 0) + 20, { steps: 3 });
    await page.mouse.move((to?.x ?? 0) + 20, (to?.y ?? 0) + 20, { steps: 3 });
    expect(await head(page, 'loss').getAttribute('data-drop')).toBe('after');
    await page.mouse.up();
    await expect.poll(() => order(page)).toEqual(['depth', 'loss', 'optimizer']);
    expect(await page.locator('[aria-sort]').count()).toBe(0);
    const other = (await openPage(browser, page.url(), 'light')).page;
    await other.locator('[data-movable]').first().waitFor();
    expect(await order(other)).toEqual(['depth', 'loss', 'optimizer']);
    await Promise.all([page.close(), other.close()]);
  });

  test('by the keyboard, with the focus going along', async () => {
    const page = await openTable();
    await head(page, 'optimizer').getByRole('button').first().focus();
    await page.keyboard.press('Alt+Shift+ArrowRight');
    await expect.poll(() => order(page)).toEqual(['depth', 'optimizer', 'loss']);
    await expect.poll(() => page.evaluate('document.activeElement.textContent')).toContain('optimizer');
    await page.keyboard.press('Alt+Shift+ArrowRight');
    await expect.poll(() => order(page)).toEqual(['depth', 'loss', 'optimizer']);
    await page.keyboard.press('Alt+Shift+ArrowRight');
    await page.keyboard.press('Alt+Shift+ArrowLeft');
    await expect.poll(() => order(page)).toEqual(['depth', 'optimizer', 'loss']);
    await page.close();
  });

  test('by buttons in the list of columns', async () => {
    const page = await openTable();
    await page.getByRole('button', { name: /^Columns/ }).click();
    await page.getByRole('checkbox', { name: 'Only shown, in order' }).check();
    expect(await page.getByRole('button', { name: 'Move Params: optimizer left' }).isDisabled()).toBe(true);
    await page.getByRole('button', { name: 'Move Metrics: val/loss left' }).click();
    await expect.poll(() => order(page)).toEqual(['optimizer', 'loss', 'depth']);
    expect(await violations(page)).toEqual([]);
    await page.close();
  });
});

test('a chart is kept as SVG: its title, axes, lines and band as vectors', async () => {
  const chart = `${server.url}/runs/${seeded.longRun}?tab=charts&charts=signal`;
  const { page } = await openPage(browser, chart, 'light');
  await page.locator('canvas').waitFor();
  await page.getByText('As a table').click();
  const [download] = await Promise.all([
    page.waitForEvent('download'),
    page.getByRole('button', { name: 'Save SVG' }).click(),
  ]);
  expect(download.suggestedFilename()).toBe('signal.svg');
  const svg = await readFile(await download.path(), 'utf8');
  expect(svg).toContain('>signal (60,000 points)</text>');
  expect(svg).toContain('fill-opacity="0.16"');
  expect(svg).toMatch(/stroke="rgb\(\d+,\d+,\d+\)" stroke-width="2"/);
  // It draws by itself, too.
  const kept = await browser.newPage();
  await kept.setContent(svg);
  expect(await kept.evaluate("document.querySelector('svg path[fill=none]').getBBox().width")).toBeGreaterThan(300);
  await Promise.all([kept.close(), page.close()]);
});
