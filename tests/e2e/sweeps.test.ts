// A search over a pipeline's parameters: by commands, across a killed server, and in a real browser.
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createClient, type Client } from '@capstan/client';
import { launchBrowser } from '../support/browser.ts';
import { checkScreen, openPage, violations } from '../support/screens.ts';
import { capstan, emptyFolder, startServer, type RunningServer } from '../support/server.ts';

const folder = emptyFolder();
const data = emptyFolder();
let server: RunningServer;
let client: Client;
let browser: Browser;

const CHARTER = `charter:
  owner: tests
  decision: Which parcels to send by air
  value: {currency: USD, true_positive: 1, false_positive: -1, false_negative: -1, true_negative: 0}
pipeline: dvc.yaml
`;
const FILES = {
  'capstan.yaml': `project: shop\n${CHARTER}`,
  'dvc.yaml': `stages:
  train:
    cmd: sh train.sh
    deps: [train.sh]
    params: [train]
    metrics: [metrics.json: {cache: false}]
`,
  'params.yaml': 'train:\n  depth: 4\n  rate: 0.1\n  kind: plain\n',
  'train.sh': `set -e
depth=$(sed -n 's/ *depth: //p' params.yaml)
test "$depth" -lt 90
printf '{"loss": %s}' $(( (depth - 6) * (depth - 6) )) > metrics.json
`,
};
/** Logs its loss at each step, as MLflow's clients do. A great rate makes it worse, and slow to end. */
const LEARNING = {
  'capstan.yaml': `project: learning\n${CHARTER}`,
  'dvc.yaml': FILES['dvc.yaml'].replace('sh train.sh', 'python3 train.py').replace('train.sh', 'train.py'),
  'params.yaml': FILES['params.yaml'],
  'train.py': `import json, os, re, time, urllib.request
rate = float(re.search(r'rate: (\\S+)', open('params.yaml').read()).group(1))
def log(step, loss):
    body = {'run_id': os.environ['MLFLOW_RUN_ID'], 'key': 'loss', 'value': loss, 'timestamp': int(time.time() * 1000), 'step': step}
    request = urllib.request.Request(os.environ['MLFLOW_TRACKING_URI'] + '/api/2.0/mlflow/runs/log-metric', json.dumps(body).encode(), {'content-type': 'application/json'})
    urllib.request.urlopen(request).read()
for step in range(4):
    log(step, rate / (step + 1))
if rate > 1:
    time.sleep(300)
json.dump({'loss': rate / 4}, open('metrics.json', 'w'))
`,
};

const cli = (...args: string[]) => capstan(args, server.url, folder);
const json = async <Reply>(...args: string[]) => {
  const { out, err, code } = await cli(...args, '--json');
  return { reply: JSON.parse(out || '{}') as Reply, err, code };
};

interface Sweep {
  readonly id: string;
  readonly state: string;
  readonly best: { readonly value: number; readonly params: Record<string, unknown> };
  readonly items: readonly {
    readonly number: number;
    readonly state: string;
    readonly value: number | null;
    readonly reason: string | null;
    readonly pipelineRun: string;
    readonly params: Record<string, unknown>;
  }[];
}

async function start(): Promise<void> {
  server = await startServer(['--no-serving'], data);
  client = createClient({ baseUrl: server.url });
}

async function ended(id: string): Promise<Awaited<ReturnType<Client['sweeps']['get']>>> {
  for (;;) {
    const sweep = await client.sweeps.get({ params: { sweep: id } });
    const isOpen = sweep.state === 'queued' || sweep.state === 'running' || sweep.trials.running > 0;
    if (!isOpen) return sweep;
    await sleep(100);
  }
}

beforeAll(async () => {
  for (const [name, files] of Object.entries({ shop: FILES, learning: LEARNING })) {
    mkdirSync(join(folder, name));
    for (const [file, text] of Object.entries(files)) writeFileSync(join(folder, name, file), text);
  }
  [, browser] = await Promise.all([start(), launchBrowser()]);
  for (const name of ['shop', 'learning'])
    expect((await cli('apply', '--file', join(folder, name, 'capstan.yaml'))).code).toBe(0);
});

afterAll(async () => {
  await browser?.close();
  await server?.stop();
  rmSync(folder, { recursive: true, force: true });
  rmSync(data, { recursive: true, force: true });
});

test.each(['light', 'dark'])('an empty list shows how to begin, %s', async (theme) => {
  const screen = {
    name: 'sweeps-empty',
    path: '/projects/shop/sweeps',
    heading: 'Sweeps',
    text: 'capstan sweeps start',
  };
  await checkScreen(browser, server.url, theme, screen);
});

describe('by commands', () => {
  test('a random search finds the best of what it tried', async () => {
    const space = ['-S', 'train.depth=int:4..8', '-S', 'train.kind=plain,odd'];
    const options = ['-p', 'shop', ...space, '--metric', 'loss', '-n', '4', '-j', '2', '--wait'];
    const { reply, err, code } = await json<Sweep>('sweeps', 'start', ...options);
    expect(code).toBe(0);
    expect(err).toMatch(/^Sweep 1 of shop has begun: sw_\w+\./);
    expect(reply).toMatchObject({ schema: 'capstan/sweep.v1', state: 'succeeded', items: { length: 4 } });
    for (const { params, value } of reply.items) expect(value).toBe((Number(params['train.depth']) - 6) ** 2);
    expect(reply.best.value).toBe(Math.min(...reply.items.map(({ value }) => value ?? NaN)));
    const run = await client.pipelines.get({ params: { run: reply.items[0]?.pipelineRun ?? '' } });
    expect(run.params).toEqual({ 'params.yaml': reply.items[0]?.params });
    const shown = await cli('sweeps', 'show', reply.id);
    expect(shown.out).toContain('trials   4 of 4 trials; best loss ');
    expect((await cli('sweeps', 'list')).out).toMatch(/shop +1 +succeeded +random +4\/4 +loss/);
  });

  test('a file gives a grid, and is told where it is wrong', async () => {
    const file = join(folder, 'sweep.yaml');
    const text =
      'project: shop\nmethod: grid\nmetric: {name: loss}\nparams:\n  train.depth: [5, 6, 99]\nmax_trials: 3\n';
    const begin = async (written: string) => {
      writeFileSync(file, written);
      return await json<Sweep>('sweeps', 'start', '--file', 'sweep.yaml', '--wait');
    };
    const misspelt = await begin(text.replace('depth', 'dept'));
    expect(misspelt).toMatchObject({ code: 2 });
    expect(misspelt.err).toContain("sweep.yaml:5:15: params.train.dept: There is no parameter 'train.dept'");
    expect(misspelt.err).toContain('Did you mean train.depth?');
    expect((await begin(text.replace('max_trials: 3', 'max_trials: 2'))).err).toContain(
      'sweep.yaml:6:13: max_trials: The grid has 3 points, and at most 2 trials are allowed',
    );
    expect((await begin(text.replace('method', 'metod'))).err).toContain(
      "sweep.yaml:2:1: metod: unknown key; did you mean 'method'?",
    );
    const { reply, code } = await begin(text);
    expect(code).toBe(0);
    expect(reply.items.map(({ params, state }) => [params['train.depth'], state])).toEqual([
      [5, 'succeeded'],
      [6, 'succeeded'],
      [99, 'failed'],
    ]);
    expect(reply).toMatchObject({ best: { value: 0 }, reason: '1 of 3 trials have failed' });
  });

  test.each([
    [['-S', 'train.depth=2'], 2, 'It is not said which metric'],
    [['-S', 'train.depth=int:2', '--metric', 'loss'], 2, '-S takes a parameter and what it may be'],
    [['--metric', 'loss'], 2, 'No parameter is to be searched'],
    [['--file', 'none.yaml'], 3, 'There is no file none.yaml'],
    [['-S', 'train.kind=1,2', '--metric', 'loss'], 2, "'train.kind' is"],
  ])('refuses %j', async (options, exit, message) => {
    const { code, err } = await cli('sweeps', 'start', '-p', 'shop', ...options);
    expect(err).toContain(message);
    expect(code).toBe(exit);
  });
});

test('a server that is killed goes on where it was: no trial is lost, none is run twice', async () => {
  const body = {
    params: { 'train.depth': [1, 2, 3, 4, 5, 6, 7] },
    method: 'grid' as const,
    metric: { name: 'loss' },
    parallel: 2,
  };
  const { id } = await client.sweeps.start({ params: { project: 'shop' }, body });
  while ((await client.sweeps.get({ params: { sweep: id } })).trials.succeeded < 2) await sleep(50);
  await server.kill();
  await start();
  const sweep = await ended(id);
  expect(sweep).toMatchObject({ state: 'succeeded', best: { number: 6, value: 0 } });
  expect(sweep.items.map(({ params, value }) => [params['train.depth'], value])).toEqual(
    [1, 2, 3, 4, 5, 6, 7].map((depth) => [depth, (depth - 6) ** 2]),
  );
  expect(new Set(sweep.items.map(({ pipelineRun }) => pipelineRun)).size).toBe(7);
});

test('a trial that is worse than the others is ended early', async () => {
  // One after another, and not before the last step: else time decides which of them the rule sees, and where.
  writeFileSync(join(folder, 'early.yaml'), 'early_stopping: {warm_up_steps: 3, min_trials: 3}\n');
  const options = ['-S', 'train.rate=0.1,0.2,0.3,5', '--method', 'grid', '--metric', 'loss', '-j', '1', '--wait'];
  const { reply, code } = await json<Sweep>('sweeps', 'start', '-p', 'learning', '-f', 'early.yaml', ...options);
  expect(code).toBe(0);
  expect(reply.items.map(({ state }) => state)).toEqual(['succeeded', 'succeeded', 'succeeded', 'stopped']);
  expect(reply.items[3]).toMatchObject({ value: 1.25 });
  expect(reply.items[3]?.reason).toMatch(/^1\.25 at step 3 is worse than the median of the others, 0\.\d+$/);
});

test('cancelling ends the trials that run', async () => {
  const options = ['-S', 'train.rate=2,3,4', '--method', 'grid', '--metric', 'loss', '-j', '2'];
  const { reply } = await json<Sweep>('sweeps', 'start', '-p', 'learning', ...options);
  while ((await client.sweeps.get({ params: { sweep: reply.id } })).trials.running < 2) await sleep(50);
  const { code, out } = await cli('sweeps', 'cancel', reply.id);
  expect([code, out.trim()]).toEqual([0, 'Sweep 2 of learning is cancelled.']);
  expect(await ended(reply.id)).toMatchObject({ state: 'cancelled', trials: { cancelled: 2, running: 0, waiting: 0 } });
  const runs = await client.pipelines.list({ query: { project: 'learning', status: 'cancelled' } });
  expect(runs.items.length).toBeGreaterThanOrEqual(2);
  expect((await cli('sweeps', 'show', 'sw_none')).code).toBe(3);
});

describe('in a browser', () => {
  test.each(['light', 'dark'])('the list and a sweep, %s', async (theme) => {
    const { items } = await client.sweeps.list({ query: { project: 'shop' } });
    const [newest] = items;
    await checkScreen(browser, server.url, theme, {
      name: 'sweeps',
      path: '/projects/shop/sweeps',
      heading: 'Sweeps',
      text: 'minimise loss',
    });
    await checkScreen(browser, server.url, theme, {
      name: 'sweep',
      path: `/sweeps/${newest?.id}`,
      heading: 'Sweep',
      text: 'Stretches as fields',
    });
  });

  test('a stretch of an axis, chosen by keys or by dragging, leaves the trials inside', async () => {
    const { items } = await client.sweeps.list({ query: { project: 'shop' } });
    const { page, errors } = await openPage(browser, `${server.url}/sweeps/${items[0]?.id}`, 'light');
    const rows = (shown: Page) => shown.getByRole('region', { name: 'Trials' }).locator('tbody tr');
    await page.getByText('7 of 7 trials inside').waitFor();
    expect(await rows(page).count()).toBe(7);
    await page.getByText('Stretches as fields').focus();
    await page.keyboard.press('Enter');
    await page.getByLabel('loss to').fill('1');
    await page.getByText('3 of 7 trials inside').waitFor();
    expect(await rows(page).count()).toBe(3);
    expect(await violations(page)).toEqual([]);
    await page.getByRole('button', { name: 'Clear stretches' }).click();
    await page.getByText('7 of 7 trials inside').waitFor();
    const plot = page.getByRole('img', { name: /trials over train\.depth, loss/ });
    await plot.scrollIntoViewIfNeeded();
    const box = await plot.boundingBox();
    const axis = { x: (box?.x ?? 0) + 90, top: (box?.y ?? 0) + 46, bottom: (box?.y ?? 0) + 380 - 26 };
    await page.mouse.move(axis.x, axis.top - 4);
    await page.mouse.down();
    await page.mouse.move(axis.x, (axis.top + axis.bottom) / 2 - 10, { steps: 5 });
    await page.mouse.up();
    await page.getByText('3 of 7 trials inside').waitFor();
    expect(errors).toEqual([]);
    await page.close();
  });

  test('one that is not there says so', async () => {
    const { page } = await openPage(browser, `${server.url}/sweeps/sw_none`, 'light');
    await page.getByText("No sweep 'sw_none'").waitFor();
    expect(await violations(page)).toEqual([]);
    await page.close();
  });
});
