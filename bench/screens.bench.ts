// The screens of experiment tracking on 100,000 runs with 2,000 distinct keys, and a metric of 1,000,000 points, in
// Chromium. node bench/screens.bench.ts [RUNS KEYS POINTS], after npm run build.
import { rmSync } from 'node:fs';
import { loadavg } from 'node:os';
import type { Browser, Page } from 'playwright-core';
import { launchBrowser } from '../tests/support/browser.ts';
import { seedRuns } from '../tests/support/seed-runs.ts';
import { emptyFolder, startServer } from '../tests/support/server.ts';
import { median, tell } from './measure.ts';

const ROUNDS = 5;
const [runs = 100_000, keys = 2_000, points = 1_000_000] = process.argv.slice(2).map(Number);

const data = emptyFolder();
await (await startServer(['--no-serving'], data)).stop();
const { experiment, longRun } = seedRuns(data, { runs, keys, points, now: Date.now() });
const server = await startServer(['--no-serving'], data);
const browser = await launchBrowser();
const table = `${server.url}/experiments/${experiment}`;

interface Task {
  readonly name: string;
  readonly pid: number;
  readonly tid: number;
  /** Microseconds on the clock, and of the thread's own time: what others take of the processor is not in it. */
  readonly dur?: number;
  readonly tdur?: number;
}

/** The most thread time that one task of the page's main thread took meanwhile, in milliseconds. */
async function worstTaskOf(page: Page, work: () => Promise<unknown>): Promise<number> {
  const session = await page.context().newCDPSession(page);
  const events: (Task & { readonly args?: { readonly name?: string } })[] = [];
  session.on('Tracing.dataCollected', ({ value }) => void events.push(...(value as unknown as Task[])));
  const traceConfig = { includedCategories: ['toplevel', 'devtools.timeline'] };
  await session.send('Tracing.start', { transferMode: 'ReportEvents', traceConfig });
  await work();
  const complete = new Promise((resolve) => session.once('Tracing.tracingComplete', resolve));
  await session.send('Tracing.end');
  await complete;
  await session.detach();
  const places = new Set(
    events
      .filter(({ name }) => name === 'FunctionCall' || name === 'EvaluateScript')
      .map(({ pid, tid }) => `${pid} ${tid}`),
  );
  const tasks = events.filter(({ name, pid, tid }) => name.endsWith('RunTask') && places.has(`${pid} ${tid}`));
  return tasks.reduce((most, { tdur = 0 }) => Math.max(most, tdur / 1_000), 0);
}

/** A page that counts its long tasks (Long Tasks API, from 50 ms on). */
async function openCounting(of: Browser): Promise<Page> {
  const page = await of.newPage({ viewport: { width: 1440, height: 900 } });
  await page.addInitScript(`window.longTasks = [];
    new PerformanceObserver((list) => list.getEntries().forEach((entry) => longTasks.push(entry.duration)))
      .observe({ type: 'longtask', buffered: true });`);
  return page;
}

const worstTask = (page: Page) => page.evaluate<number>('Math.max(0, ...longTasks)');
const ready = '[role=grid][data-ready=true] [data-row="0"]';

async function timed(work: () => Promise<unknown>): Promise<number> {
  const before = performance.now();
  await work();
  return performance.now() - before;
}

const firstRows: number[] = [];
const tasks: number[] = [];
const taskTimes: number[] = [];
for (let round = 0; round < ROUNDS; round++) {
  const page = await openCounting(browser);
  firstRows.push(
    await timed(async () => {
      await page.goto(table);
      await page.locator(ready).waitFor();
    }),
  );
  await page.waitForLoadState('networkidle');
  tasks.push(await worstTask(page));
  await page.close();
  // Once more, since tracing takes time itself.
  const traced = await openCounting(browser);
  taskTimes.push(
    await worstTaskOf(traced, async () => {
      await traced.goto(table);
      await traced.locator(ready).waitFor();
      await traced.waitForLoadState('networkidle');
    }),
  );
  await traced.close();
}

const page = await openCounting(browser);
const asked = new Set<string>();
page.on('request', (request) => {
  if (!request.url().endsWith('/runs/search')) return;
  const body = request.postDataJSON() as Record<string, string[] | undefined>;
  for (const key of [body['metrics'], body['params'], body['tags']].flatMap((list) => list ?? [])) asked.add(key);
});
await page.goto(`${table}?nest=false`);
await page.locator(ready).waitFor();
await page.getByRole('button', { name: /of 2,\d+\)|of [1-9]/ }).waitFor();
await page.getByRole('button', { name: /^Columns/ }).click();
const find = page.getByRole('searchbox', { name: 'Find a column' });
await find.waitFor();
await page.waitForLoadState('networkidle');
await page.evaluate('longTasks.length = 0');
const typed: number[] = [];
for (const letter of 'probe_1') {
  typed.push(
    await timed(async () => {
      await find.press(letter);
      await page.evaluate('new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))');
    }),
  );
}
// Again, for the time of its thread.
const typing = await worstTaskOf(page, async () => {
  await find.fill('');
  for (const letter of 'probe_1') await find.press(letter);
});
// Every column found is shown: hundreds of columns, of which few are drawn.
await page.getByRole('button', { name: /^Show the/ }).click();
await page.keyboard.press('Escape');
await page.waitForLoadState('networkidle');
const drawn = {
  rows: await page.locator('[role=row]').count(),
  columns: await page.locator('[role=columnheader]').count(),
  all: Number(await page.getByRole('grid').getAttribute('aria-colcount')),
};
const frames = await page.evaluate<number[]>(`(async () => {
  const grid = document.querySelector('[role=grid]');
  const frames = [];
  let last = performance.now();
  for (let frame = 0; frame < 120; frame++) {
    grid.scrollTop += 120;
    grid.scrollLeft += 40;
    await new Promise(requestAnimationFrame);
    frames.push(performance.now() - last);
    last = performance.now();
  }
  return frames;
})()`);
const scrolling = await worstTask(page);
await page.close();

const spikes: number[] = [];
const opened: number[] = [];
const series: number[] = [];
for (let round = 0; round < ROUNDS; round++) {
  const chart = await openCounting(browser);
  await chart.goto(`${server.url}/runs/${longRun}?charts=signal`);
  await chart.getByRole('tab', { name: /^Charts/ }).waitFor();
  await chart.waitForLoadState('networkidle');
  // In the page itself, from the click as it comes there: before it, the driver looks for the tab.
  await chart.evaluate(`document.addEventListener('click', ({ timeStamp }) => {
    new MutationObserver(() => {
      if (document.querySelector('canvas')) window.drawnMs ??= performance.now() - timeStamp;
    }).observe(document.body, { subtree: true, childList: true });
  }, { capture: true, once: true })`);
  await chart.getByRole('tab', { name: /^Charts/ }).click();
  await chart.locator('canvas').waitFor();
  opened.push(await chart.evaluate<number>('window.drawnMs'));
  spikes.push(
    await timed(async () => {
      await chart.goto(`${server.url}/runs/${longRun}?tab=charts&charts=signal`, { waitUntil: 'commit' });
      await chart.locator('canvas').waitFor();
      if (!/and 100/.test((await chart.getByRole('img', { name: /^signal/ }).getAttribute('aria-label')) ?? ''))
        throw new Error('The spike is not on the chart');
    }),
  );
  series.push(
    await timed(() =>
      fetch(`${server.url}/api/v1/metrics/series`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ runs: [longRun], key: 'signal', buckets: 600 }),
      }).then((reply) => reply.text()),
    ),
  );
  await chart.close();
}
await browser.close();
await server.stop();
rmSync(data, { recursive: true, force: true });

tell([
  { name: 'load of the machine, 1 min', value: loadavg()[0] ?? 0, unit: '', goal: '0' },
  { name: `${runs} runs: page to first rows, median`, value: median(firstRows), unit: 'ms', goal: '≤ 1000' },
  { name: 'worst long task while loading, median', value: median(tasks), unit: 'ms', goal: '≤ 80' },
  { name: 'the same in time of its thread, traced', value: median(taskTimes), unit: 'ms', goal: '≤ 80' },
  { name: 'a letter in the column search, worst', value: Math.max(...typed), unit: 'ms', goal: '≤ 100' },
  { name: 'the same in time of its thread, traced', value: typing, unit: 'ms', goal: '≤ 100' },
  { name: `rows in the page`, value: drawn.rows, unit: '', goal: '≤ 60' },
  { name: `columns in the page, of ${drawn.all}`, value: drawn.columns, unit: '', goal: '≤ 40' },
  { name: `keys asked of the server, of ${keys}`, value: asked.size, unit: '', goal: '≤ 60' },
  { name: 'frame while scrolling both ways, median', value: median(frames), unit: 'ms', goal: '≤ 16' },
  { name: 'worst long task of all that', value: scrolling, unit: 'ms', goal: '≤ 80' },
  { name: `${points} points: buckets over HTTP, median`, value: median(series), unit: 'ms', goal: '-' },
  { name: `${points} points: click to drawn chart, median`, value: median(opened), unit: 'ms', goal: '≤ 300' },
  { name: `${points} points: page to drawn chart, median`, value: median(spikes), unit: 'ms', goal: '≤ 300 + load' },
]);
