// The screens of experiment tracking in a real browser: a table of many runs and keys, groups, charts, comparison, files.
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { launchBrowser } from '../support/browser.ts';
import { checkScreen, keysAsked, openPage } from '../support/screens.ts';
import { seedRuns, type Seeded } from '../support/seed-runs.ts';
import { capstan, emptyFolder, startServer, type RunningServer } from '../support/server.ts';

const RUNS = 400;
const KEYS = 300;
const POINTS = 20_000;

let server: RunningServer;
let browser: Browser;
let seeded: Seeded;
let full = '';

async function post(path: string, body: object): Promise<{ run: { info: { run_id: string } } }> {
  const response = await fetch(`${server.url}/api/2.0/mlflow/${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  expect(response.status, path).toBe(200);
  return (await response.json()) as { run: { info: { run_id: string } } };
}

async function createRun(name: string, tags: Readonly<Record<string, string>> = {}): Promise<string> {
  const { run } = await post('runs/create', {
    experiment_id: seeded.experiment,
    run_name: name,
    start_time: Date.now(),
    tags: Object.entries(tags).map(([key, value]) => ({ key, value })),
  });
  return run.info.run_id;
}

const logPoints = (id: string, key: string, values: readonly (number | 'NaN')[], firstStep = 0) =>
  post('runs/log-batch', {
    run_id: id,
    metrics: values.map((value, index) => ({ key, value, step: firstStep + index, timestamp: Date.now() + index })),
  });

async function putFile(id: string, path: string, body: string): Promise<void> {
  const place = `${server.url}/api/2.0/mlflow-artifacts/artifacts/${seeded.experiment}/${id}/artifacts/${path}`;
  expect((await fetch(place, { method: 'PUT', body })).status).toBe(200);
}

beforeAll(async () => {
  const data = emptyFolder();
  // Once, for the tables to be there.
  await (await startServer(['--no-serving'], data)).stop();
  seeded = seedRuns(data, { runs: RUNS, keys: KEYS, points: POINTS, now: Date.now() });
  [server, browser] = await Promise.all([startServer(['--no-serving'], data), launchBrowser()]);
  full = await createRun('everything', {
    'mlflow.source.name': 'train.py',
    'mlflow.source.git.commit': 'c0ffee',
    'mlflow.source.git.diff': 'diff --git a/train.py b/train.py\n+depth = 6\n',
  });
  await logPoints(full, 'train/loss', [3, 2, 'NaN', 1]);
  await logPoints(full, 'system/cpu_utilization_percentage', [10, 20, 30]);
  const script = `document.title = 'ran'; fetch('${server.url}/api/v1/experiments').then(() => (p.textContent = 'reached'), () => (p.textContent = 'refused'))`;
  await putFile(full, 'report.html', `<p id="p">not yet</p><script>${script}</script>`);
  await putFile(full, 'metrics.json', '{"deep": {"loss": 0.25}}');
  await putFile(full, 'rows.csv', 'name,count\n"a, b",3\n');
  await putFile(full, 'logs/train.log', Array.from({ length: 30_000 }, (_, line) => `line ${line}`).join('\n'));
});

afterAll(async () => {
  await browser?.close();
  await server?.stop();
});

const open = async (path: string) => (await openPage(browser, server.url + path, 'light')).page;

async function openTable(query = ''): Promise<Page> {
  const page = await open(`/experiments/${seeded.experiment}${query}`);
  await page.locator('[role=grid][data-ready=true] [data-row="0"]').waitFor();
  return page;
}

const asAddress = (value: unknown): string => encodeURIComponent(JSON.stringify(value));
const grid = (page: Page) => page.getByRole('grid', { name: 'Runs' });
const cell = (page: Page, row: number, column: number) =>
  page.locator(`[data-row="${row}"] [role=gridcell][aria-colindex="${column}"]`);

async function firstFinished(count: number): Promise<string[]> {
  const response = await fetch(`${server.url}/api/v1/runs/search`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ experimentIds: [seeded.experiment], filter: "status = 'FINISHED'", limit: count }),
  });
  return ((await response.json()) as { items: { id: string }[] }).items.map(({ id }) => id);
}

describe.each(['light', 'dark'])('%s', (theme) => {
  test('no screen of tracking has an accessibility violation or an error', async () => {
    const place = `/experiments/${seeded.experiment}`;
    const runs = asAddress(await firstFinished(5));
    const screens = [
      { name: 'runs-table', path: place, heading: 'sweep', text: 'sweep-000399' },
      { name: 'runs-groups', path: `${place}?group=${asAddress(['params.model'])}`, heading: 'sweep', text: '(none)' },
      { name: 'runs-charts', path: `${place}?tab=charts&charts=curve&smooth=0.5`, heading: 'sweep', text: 'points of' },
      { name: 'runs-compare', path: `${place}/compare?runs=${runs}`, heading: 'Compare 5 runs', text: 'optimizer' },
      { name: 'runs-parallel', path: `${place}/compare?runs=${runs}&tab=parallel`, heading: 'Compare', text: 'inside' },
      { name: 'runs-scatter', path: `${place}/compare?runs=${runs}&tab=scatter`, heading: 'Compare', text: 'Across' },
      { name: 'run-overview', path: `/runs/${full}`, heading: 'everything', text: 'git checkout c0ffee' },
      {
        name: 'run-charts',
        path: `/runs/${seeded.longRun}?tab=charts`,
        heading: 'sweep-000000',
        text: '20,000 points',
      },
      { name: 'run-files', path: `/runs/${full}?tab=artifacts&path=rows.csv`, heading: 'everything', text: 'a, b' },
    ];
    for (const screen of screens) await checkScreen(browser, server.url, theme, screen);
  });
});

describe('the table of runs', () => {
  test('holds only what is in sight, however many rows and columns there are, and asks only for that', async () => {
    const keys = (await (await fetch(`${server.url}/api/v1/experiments/${seeded.experiment}/keys`)).json()) as {
      metrics: string[];
      params: string[];
    };
    const columns = [...keys.metrics.map((key) => `metrics.${key}`), ...keys.params.map((key) => `params.${key}`)];
    expect(columns.length).toBeGreaterThan(KEYS * 0.9);
    const page = await browser.newPage({ viewport: { width: 1440, height: 900 } });
    const asked = new Set<string>();
    page.on('request', (request) => {
      for (const key of keysAsked(request)) asked.add(key);
    });
    await page.goto(`${server.url}/experiments/${seeded.experiment}?nest=false`);
    await page.locator('[role=grid][data-ready=true] [data-row="0"]').waitFor();
    const withAll = async () => {
      await page.getByRole('button', { name: /^Columns/ }).click();
      await page.getByRole('searchbox', { name: 'Find a column' }).fill('_');
      await page.getByRole('button', { name: /^Show the/ }).click();
      await page.keyboard.press('Escape');
    };
    await withAll();
    await expect.poll(() => page.locator('[role=columnheader]').count()).toBeGreaterThan(8);
    expect(Number(await grid(page).getAttribute('aria-rowcount'))).toBe(RUNS + 2);
    expect(Number(await grid(page).getAttribute('aria-colcount'))).toBeGreaterThan(KEYS * 0.7);
    expect(await page.locator('[role=row]').count()).toBeLessThanOrEqual(60);
    expect(await page.locator('[role=columnheader]').count()).toBeLessThanOrEqual(40);
    await page.waitForLoadState('networkidle');
    expect(asked.size).toBeLessThanOrEqual(60);
    // Far to the right and down: other keys are asked for then, and other rows are drawn.
    await grid(page).evaluate((element: { scrollLeft: number; scrollTop: number }) => {
      element.scrollLeft = 12_000;
      element.scrollTop = 6_000;
    });
    await page.locator('[data-row="180"]').waitFor();
    const before = asked.size;
    await expect.poll(() => asked.size).toBeGreaterThan(before - 1);
    expect(await page.locator('[role=row]').count()).toBeLessThanOrEqual(60);
    expect(await page.locator('[role=columnheader]').count()).toBeLessThanOrEqual(40);
    await page.close();
  });

  test('sorts by any metric, by its least value where that is shown, and the address is the view', async () => {
    const page = await openTable(`?columns=${asAddress(['metrics.val/loss', 'params.model'])}`);
    await page.getByRole('combobox', { name: 'Value of val/loss' }).selectOption('min');
    await page.getByRole('columnheader', { name: /loss/ }).getByRole('button').click();
    await page.getByRole('columnheader', { name: /loss/ }).getByRole('button').click();
    await expect
      .poll(() => page.getByRole('columnheader', { name: /loss/ }).getAttribute('aria-sort'))
      .toBe('ascending');
    await expect.poll(async () => Number(await cell(page, 0, 6).textContent())).toBeLessThan(0.02);
    const shown = async (of: Page) => {
      await of.locator('[data-row="4"]').waitFor();
      await expect.poll(() => cell(of, 0, 6).textContent()).not.toBe('');
      const rows = await of.locator('[data-row="0"], [data-row="1"], [data-row="2"]').allTextContents();
      return rows.map((row) => row.replace(/\d+ (?:second|minute|hour)s? ago/, 'ago')); // a minute may pass meanwhile
    };
    const other = await open(page.url().slice(server.url.length));
    expect(await shown(other)).toEqual(await shown(page));
    await Promise.all([page.close(), other.close()]);
  });

  test('a wrong filter is shown with its place and keeps the rows; keys and values are completed; what was asked comes back', async () => {
    const page = await openTable();
    const bar = page.getByRole('combobox', { name: 'Filter runs' });
    await bar.fill('metrics.`val/loss` < abc');
    await bar.press('Enter');
    await page.getByText('^^^').waitFor();
    expect(await page.locator('[role=search] mark').textContent()).toBe('abc');
    expect(await page.locator('[data-row="0"]').count()).toBe(1);
    await bar.fill('params.mod');
    await page.getByRole('option', { name: /params.model/ }).click();
    await bar.press('End');
    await page.keyboard.type(" = '");
    await page.getByRole('option', { name: /'mlp'/ }).click();
    await bar.press('Enter');
    await expect.poll(() => page.url()).toContain('mlp');
    await expect
      .poll(() =>
        page
          .locator('footer, span')
          .getByText(/^9\d runs$/)
          .count(),
      )
      .toBeGreaterThan(0);
    await page.getByRole('button', { name: 'Clear' }).click();
    await bar.click();
    await page.getByRole('option', { name: /params.model = 'mlp'/ }).waitFor();
    await page.close();
  });

  test('groups have figures, one of them for runs without the param, and open to their runs', async () => {
    const page = await openTable(`?group=${asAddress(['params.model'])}&columns=${asAddress(['metrics.val/loss'])}`);
    const names = await page.locator('[data-row] [aria-colindex="2"]').allTextContents();
    expect(names.map((name) => name.replace(/^▸/, '')).toSorted()).toEqual(
      ['(none)', 'gradient_boosting', 'mlp', 'random_forest', 'transformer'].map((value) => `model = ${value}`),
    );
    await page.locator('[title*="std"]').first().waitFor();
    expect(await page.locator('[title*="std"]').first().getAttribute('title')).toMatch(
      /mean .*, min .*, max .*, std .*, count \d+/,
    );
    await page.getByRole('button', { name: /\(none\)/ }).click();
    await page
      .getByRole('link', { name: /sweep-/ })
      .first()
      .waitFor();
    await page.close();
  });

  test('runs are chosen, tagged, deleted and brought back', async () => {
    const page = await openTable('?nest=false');
    const name = (await page.locator('[data-row="3"] a').textContent()) ?? '';
    await page.getByRole('checkbox', { name: `Choose ${name}` }).check();
    await page.getByRole('button', { name: 'Tag…' }).click();
    await page.getByLabel('Key').fill('reviewed');
    await page.getByLabel('Value', { exact: true }).fill('yes');
    await page.getByRole('button', { name: 'Set tag' }).click();
    await page.getByText('Tag reviewed set on 1 run').waitFor();
    await page.getByRole('button', { name: 'Delete' }).click();
    await page.getByText('1 run deleted').waitFor();
    await expect.poll(() => page.getByRole('link', { name, exact: true }).count()).toBe(0);
    await page.getByRole('button', { name: 'Undo' }).click();
    await page.getByRole('link', { name, exact: true }).waitFor();
    await page.close();
  });

  test('children are under their parent; a new run comes by itself; the keyboard moves between cells', async () => {
    const parent = await createRun('parent');
    await createRun('child', { 'mlflow.parentRunId': parent });
    const page = await openTable();
    await page.getByRole('button', { name: '1 nested in parent' }).click();
    await page.getByRole('link', { name: 'child', exact: true }).waitFor();
    await createRun('just now');
    await page.getByRole('link', { name: 'just now' }).waitFor();
    await page.getByRole('link', { name: 'just now' }).focus();
    await page.keyboard.press('ArrowDown');
    await expect
      .poll(() => page.evaluate<string>('document.activeElement.closest("[data-row]")?.dataset.row'))
      .toBe('1');
    await page.keyboard.press('Control+End');
    await expect
      .poll(() => page.evaluate<number>('Number(document.activeElement.closest("[data-row]")?.dataset.row ?? 0)'))
      .toBeGreaterThan(50);
    await page.close();
  });

  test('a run that claims to run and was silent for long is lost, here and on the command line, and runs for MLflow', async () => {
    const page = await openTable(
      `?nest=false&filter=${encodeURIComponent("attributes.status = 'RUNNING' and attributes.run_name LIKE 'sweep%'")}`,
    );
    // The newest of them wrote seven minutes ago.
    expect(await cell(page, 0, 3).textContent()).toBe('running');
    expect(await cell(page, 4, 3).textContent()).toMatch(/^lost, silent /);
    await page.close();
    const listed = await capstan(
      ['runs', 'list', '--experiment', 'sweep', '--filter', "attributes.status = 'RUNNING'"],
      server.url,
    );
    expect(listed.out).toMatch(/RUNNING, lost: silent for /);
    const { runs } = (await (
      await fetch(`${server.url}/api/2.0/mlflow/runs/search`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({
          experiment_ids: [seeded.experiment],
          filter: "attributes.run_name LIKE 'sweep%' and attributes.status = 'RUNNING'",
        }),
      })
    ).json()) as { runs: { info: { status: string } }[] };
    expect(new Set(runs.map((run) => run.info.status))).toEqual(new Set(['RUNNING']));
  });
});

describe('charts', () => {
  test('a spike of one step is drawn at full length, and stays when zoomed', async () => {
    const page = await open(`/runs/${seeded.longRun}?tab=charts&charts=signal`);
    const chart = page.getByRole('img', { name: /^signal/ });
    await chart.waitFor();
    expect(await chart.getAttribute('aria-label')).toMatch(/max: \d+ values between [\d.]+ and 100/);
    await page.locator('canvas').waitFor();
    // Coloured in the upper half of the picture: only the spike reaches there.
    const above = await page.waitForFunction(`(() => {
      const canvas = document.querySelector('canvas');
      const { width, height } = canvas;
      const { data } = canvas.getContext('2d').getImageData(0, 0, width, Math.floor(height / 2));
      const places = [];
      for (let at = 0; at < data.length; at += 4)
        if (data[at + 3] > 60 && Math.max(data[at], data[at + 1], data[at + 2]) - Math.min(data[at], data[at + 1], data[at + 2]) > 40)
          places.push(((at / 4) % width) / width);
      return places.length > 0 && { least: Math.min(...places), most: Math.max(...places) };
    })()`);
    const { least, most } = (await above.jsonValue()) as { least: number; most: number };
    expect(least).toBeGreaterThan(0.6);
    expect(most).toBeLessThan(0.8);
    const zoomed = page.waitForRequest(
      (request) => request.url().endsWith('/metrics/series') && (request.postData() ?? '').includes('"from"'),
    );
    await page.getByRole('button', { name: 'Zoom in' }).click();
    await zoomed;
    await page.getByText(/^steps /).waitFor();
    expect(await chart.getAttribute('aria-label')).toMatch(/and 100/);
    await page.locator('.u-over').dblclick();
    await page.getByText('20,000 points').waitFor();
    await page.close();
  });

  test('NaN is marked, an empty chart says why, new points come without reading all again', async () => {
    const page = await open(`/runs/${full}?tab=charts&charts=loss`);
    await page.getByText('2: NaN').waitFor();
    const bodies: string[] = [];
    page.on('request', (request) => {
      if (request.url().endsWith('/metrics/series')) bodies.push(request.postData() ?? '');
    });
    await page.getByText('4 points').waitFor();
    await logPoints(full, 'train/loss', [0.5], 4);
    await page.getByText('5 points').waitFor();
    expect(bodies.length).toBeGreaterThan(0);
    expect(bodies.every((body) => body.includes('"from":4'))).toBe(true);
    await logPoints(full, 'only_nan/loss', ['NaN', 'NaN']);
    await page.getByText('All its points are NaN.').waitFor();
    await page.close();
  });
});

test('runs are compared from the table, with differences, a baseline and how far metrics are from it', async () => {
  const page = await openTable('?nest=false&filter=' + encodeURIComponent("status = 'FINISHED'"));
  for (const row of [0, 1, 2]) await page.locator(`[data-row="${row}"] input`).check();
  await page.getByRole('button', { name: 'Compare' }).click();
  await page.getByRole('heading', { name: 'Compare 3 runs' }).waitFor();
  const table = page.getByRole('grid', { name: 'Runs side by side' });
  await table.getByText('optimizer').waitFor();
  expect(await table.getByText('seed', { exact: true }).count()).toBe(0);
  await page.getByRole('checkbox', { name: 'Only differences' }).uncheck();
  await expect.poll(() => table.getByText('seed', { exact: true }).count()).toBe(1);
  // Far down stand the metrics, each with how far it is from the baseline's.
  await table.evaluate((element: { scrollTop: number }) => (element.scrollTop = 1_200));
  await expect.poll(() => table.getByText(/[▲▼] [+−][\d.,]+ %/).count()).toBeGreaterThan(0);
  await page.getByRole('tab', { name: 'Parallel coordinates' }).click();
  await page.getByText('3 of 3 runs inside').waitFor();
  await page.getByText('Stretches as fields').click();
  await page.getByRole('combobox', { name: 'optimizer' }).selectOption('adam');
  await page.getByText('1 of 3 runs inside').waitFor();
  await page.close();
});

describe('files', () => {
  test('an HTML file runs in a frame of its own and reaches nothing', async () => {
    const page = await open(`/runs/${full}?tab=artifacts&path=report.html`);
    const frame = page.frameLocator('iframe');
    await frame.getByText('refused').waitFor();
    expect(await page.locator('iframe').getAttribute('sandbox')).toBe('allow-scripts');
    await page.close();
  });

  test('JSON as a tree, text in parts, logs in a part of their own', async () => {
    const page = await open(`/runs/${full}?tab=artifacts&path=metrics.json`);
    await page.getByText('0.25').waitFor();
    await page.getByRole('tab', { name: 'Logs' }).click();
    await page.getByText(/^The first 262 kB of/).waitFor();
    expect(await page.getByText('line 29999').count()).toBe(0);
    await page.getByRole('button', { name: 'Load more' }).click();
    await expect
      .poll(async () => (await page.getByRole('log').textContent())?.includes('line 29999'), { timeout: 20_000 })
      .toBe(true);
    await page.close();
  });
});

test.each([
  ['runs', () => `/#/experiments/${seeded.experiment}/runs/${full}`, () => `/runs/${full}`],
  ['experiments', () => `/#/experiments/${seeded.experiment}`, () => `/experiments/${seeded.experiment}`],
])('a link that MLflow prints leads to the same here: %s', async (_, link, place) => {
  const page = await open(link());
  await page.getByRole('heading', { level: 1 }).waitFor();
  await expect.poll(() => new URL(page.url()).pathname).toBe(place());
  await page.close();
});
