// Runs of a pipeline in a checkout, of which a server is told: while they go on, or later.
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { createClient, type Client } from '@capstan/client';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { launchBrowser } from '../support/browser.ts';
import { doneAsAda, environmentOf } from '../support/run-as-ada.ts';
import { checkScreen } from '../support/screens.ts';
import { capstan, emptyFolder, program, startServer, type RunningServer } from '../support/server.ts';

type Run = Awaited<ReturnType<Client['pipelines']['get']>>;

/** The second stage waits for a file; both print, the second more than goes in one call. */
const PIPELINE = `
stages:
  prepare:
    cmd: cp in.txt out.txt; echo prepared
    deps: [in.txt]
    outs: [out.txt]
  train:
    cmd: echo begun; until test -e go; do sleep 0.05; done; seq -f 'line %.0f é' 40000; cp out.txt model; echo '{"loss":0.25}' > metrics.json
    deps: [out.txt]
    params: [lr]
    outs: [model]
    metrics: [metrics.json: {cache: false}]
`;
const SECRET = 'hunter2-of-the-environment';

let server: RunningServer;
let client: Client;
let browser: Browser;
let root = '';

const clientOf = ({ url }: RunningServer): Client => createClient({ baseUrl: url });

beforeAll(async () => {
  [server, browser] = await Promise.all([startServer(['--no-serving']), launchBrowser()]);
  client = clientOf(server);
});

afterAll(async () => {
  await browser?.close();
  await server.stop();
});

beforeEach(async () => {
  root = join(emptyFolder(), 'repository');
  mkdirSync(root);
  doneAsAda(root, 'git', ['init', '-q', '-b', 'main']);
  doneAsAda(root, 'git', ['remote', 'add', 'origin', 'https://ada:hunter2@example.org/team/shop.git']);
  expect((await capstan(['init'], undefined, root)).code).toBe(0);
  write('in.txt', 'some data\n');
  write('params.yaml', 'lr: 0.1\n');
  write('dvc.yaml', PIPELINE);
  doneAsAda(root, 'git', ['add', '-A']);
  doneAsAda(root, 'git', ['commit', '-qm', 'a pipeline']);
});

const write = (path: string, text: string): void => writeFileSync(join(root, path), text);
const runsFolder = (): string => join(root, '.dvc/tmp/capstan/runs');
const runFolders = (): string[] => readdirSync(runsFolder()).map((name) => join(runsFolder(), name));

/** `capstan repro` under way; its output is collected. */
function beginRepro(url: string): { child: ChildProcess; ended(): Promise<{ code: number | null; err: string }> } {
  const env = { ...environmentOf(root), CAPSTAN_URL: url, API_TOKEN: SECRET };
  const child = spawn(process.execPath, [program, 'repro', '--project', 'shop'], { cwd: root, env });
  let err = '';
  child.stdout.resume();
  child.stderr.setEncoding('utf8').on('data', (text: string) => (err += text));
  const closed = once(child, 'close');
  return {
    child,
    async ended() {
      await closed;
      return { code: child.exitCode, err };
    },
  };
}

async function until<Value>(look: () => Promise<Value | undefined>): Promise<Value> {
  for (;;) {
    const found = await look();
    if (found !== undefined) return found;
    await sleep(50);
  }
}

async function newest(of = client): Promise<Run | undefined> {
  const { items } = await of.pipelines.list({ query: { limit: 1 } });
  return items[0] && (await of.pipelines.get({ params: { run: items[0].id } }));
}

const stageOf = (run: Run, name: string): Run['stages'][number] | undefined =>
  run.stages.find((stage) => stage.name === name);

async function logOf(attempt: string, of = client): Promise<{ text: string; isComplete: boolean }> {
  let text = '';
  for (let offset = 0; ;) {
    const piece = await of.pipelines.attemptLog({ params: { attempt }, query: { offset } });
    text += piece.text;
    offset = piece.nextOffset;
    if (offset >= piece.sizeBytes) return { text, isComplete: piece.isComplete };
  }
}

/** The run, once its second stage runs and what it has printed is there. */
async function trainingRun(of = client): Promise<{ run: Run; attempt: string }> {
  return await until(async () => {
    const run = await newest(of);
    const attempt = run?.status === 'running' ? stageOf(run, 'train')?.attempts[0]?.id : undefined;
    if (!run || attempt === undefined) return undefined;
    return (await logOf(attempt, of)).text.endsWith('begun\n') ? { run, attempt } : undefined;
  });
}

test('a run is seen while it goes on, and is whole when it has ended', async () => {
  const repro = beginRepro(server.url);
  const { run, attempt } = await trainingRun();
  expect(run).toMatchObject({
    project: 'shop',
    source: 'checkout',
    status: 'running',
    isLost: false,
    actor: expect.any(String),
  });
  expect(run.place).toMatchObject({
    repository: { name: 'shop', remote: 'https://example.org/team/shop.git' },
    branch: 'main',
    commit: doneAsAda(root, 'git', ['rev-parse', 'HEAD']).out.trim(),
    isDirty: false,
  });
  expect(run.stages.map(({ name, after, status }) => [name, after, status])).toEqual([
    ['prepare', [], 'succeeded'],
    ['train', ['prepare'], 'running'],
  ]);
  expect(stageOf(run, 'train')?.why.map(({ text }) => text)).toEqual(['it has not run before']);
  await expect(client.pipelines.cancel({ params: { run: run.id } })).rejects.toThrow('cannot be cancelled');
  write('go', '');
  expect(await repro.ended()).toEqual({ code: 0, err: '' });

  const ended = await client.pipelines.get({ params: { run: run.id } });
  expect(ended).toMatchObject({ status: 'succeeded', reason: null });
  expect(stageOf(ended, 'train')).toMatchObject({
    status: 'succeeded',
    report: {
      outcome: 'ran',
      params: { lr: '0.1' },
      metrics: { loss: 0.25 },
      outputs: [
        { path: 'metrics.json' },
        { path: 'model', hash: expect.stringMatching(/^md5:[0-9a-f]{32}$/), sizeBytes: 10 },
      ],
    },
    attempts: [{ id: attempt, status: 'succeeded', exitCode: 0 }],
  });
  const [folder = ''] = runFolders();
  const written = readFileSync(join(folder, '2-train.log'), 'utf8');
  expect(written.length).toBeGreaterThan(500_000);
  expect(await logOf(attempt)).toEqual({ text: written, isComplete: true });

  const runId = await until(async () => {
    const found = await newest();
    return (found && stageOf(found, 'train')?.runId) ?? undefined;
  });
  const tracked = await until(async () => {
    const found = await client.experiments.getRun({ params: { run: runId } });
    return found.status === 'FINISHED' ? found : undefined;
  });
  expect(tracked).toMatchObject({ params: { lr: '0.1' }, metrics: { loss: { value: 0.25 } } });

  // Nothing is left to send, and nothing of the environment or of the password of the remote was.
  expect((await capstan(['report'], server.url, root)).out).toBe('Nothing is left to send.\n');
  const told = JSON.stringify(ended) + readFileSync(join(folder, 'journal.jsonl'), 'utf8');
  expect(told).not.toContain('hunter2');

  // The next run says that nothing changed.
  expect((await capstan(['repro', '--project', 'shop'], server.url, root)).code).toBe(0);
  const again = await newest();
  expect(again).toMatchObject({ number: ended.number + 1, status: 'succeeded' });
  expect(again?.stages.map(({ report }) => report?.outcome)).toEqual(['unchanged', 'unchanged']);
});

test('a run that is killed ends when somebody tells of it', async () => {
  const repro = beginRepro(server.url);
  const { run, attempt } = await trainingRun();
  repro.child.kill('SIGKILL');
  await repro.ended();
  expect(await newest()).toMatchObject({ id: run.id, status: 'running' });
  const { code, out } = await capstan(['report', '--json'], server.url, root);
  expect([code, JSON.parse(out)]).toEqual([0, { schema: 'capstan/report.v1', url: server.url, runs: 1 }]);
  const ended = await client.pipelines.get({ params: { run: run.id } });
  expect(ended).toMatchObject({ status: 'failed', reason: 'the command that ran it was killed' });
  expect(stageOf(ended, 'train')).toMatchObject({ status: 'failed', attempts: [{ id: attempt, status: 'lost' }] });
  const [folder = ''] = runFolders();
  expect((await logOf(attempt)).text).toBe(readFileSync(join(folder, '2-train.log'), 'utf8'));
});

test('a server that goes away in between is told later, and everyone is told the same, once', async () => {
  const data = emptyFolder();
  const away = await startServer(['--no-serving'], data);
  const repro = beginRepro(away.url);
  const { run, attempt } = await trainingRun(clientOf(away));
  await away.kill();
  write('go', '');
  const { code, err } = await repro.ended();
  expect(code).toBe(0);
  expect(err.trim().split('\n')).toEqual([expect.stringContaining(`this run is not told to ${away.url} now`)]);
  const [folder = ''] = runFolders();
  expect(existsSync(join(folder, 'sent'))).toBe(false);

  const back = await startServer(['--no-serving'], data);
  try {
    const backClient = clientOf(back);
    const tellOf = async (to: RunningServer, of: Client): Promise<{ run: Run; log: string }> => {
      rmSync(join(folder, 'sent'), { force: true });
      expect((await capstan(['report', '--to', to.url], undefined, root)).out).toBe(`1 run sent to ${to.url}.\n`);
      await until(async () => stageOf((await newest(of)) ?? run, 'train')?.runId ?? undefined);
      const told = await of.pipelines.get({ params: { run: run.id } });
      return { run: told, log: (await logOf(attempt, of)).text };
    };
    const later = await tellOf(back, backClient);
    expect(later.run.status).toBe('succeeded');
    expect(later.log).toBe(readFileSync(join(folder, '2-train.log'), 'utf8'));
    expect(await tellOf(back, backClient)).toEqual(later);
    expect((await backClient.pipelines.list({ query: {} })).items).toHaveLength(1);
    // Of another server only the numbers of runs and experiments are its own.
    const elsewhere = await tellOf(server, client);
    const withoutOwn = (told: Run): unknown => ({
      ...told,
      number: 0,
      stages: told.stages.map((stage) => ({
        ...stage,
        runId: null,
        attempts: stage.attempts.map((each) => ({ ...each, runId: null })),
      })),
    });
    expect(withoutOwn(elsewhere.run)).toEqual(withoutOwn(later.run));
    expect(elsewhere.log).toBe(later.log);
  } finally {
    await back.stop();
  }
});

test('without a server a run is taken down, and the next one that has a server sends it', async () => {
  write('go', '');
  expect((await capstan(['repro', '--project', 'shop'], undefined, root)).code).toBe(0);
  expect((await capstan(['report'], undefined, root)).code).toBe(2);
  doneAsAda(root, 'git', ['config', 'capstan.url', server.url]);
  write('params.yaml', 'lr: 0.2\n');
  expect((await capstan(['repro', '--project', 'shop'], undefined, root)).code).toBe(0);
  const { items } = await client.pipelines.list({ query: { limit: 2 } });
  const runs = await Promise.all(items.map(({ id }) => client.pipelines.get({ params: { run: id } })));
  expect(runs.map((run) => stageOf(run, 'train')?.why[0]?.text)).toEqual([
    'params.yaml:lr changed from 0.1 to 0.2',
    'it has not run before',
  ]);
  expect(runFolders().every((folder) => existsSync(join(folder, 'sent')))).toBe(true);
});

test('an experiment is a run with its parameters, its name and the commit that keeps it', async () => {
  write('go', '');
  doneAsAda(root, 'git', ['config', 'user.name', 'ada']);
  doneAsAda(root, 'git', ['config', 'user.email', 'ada@localhost']);
  const run = async (url: string | undefined, ...args: readonly string[]) =>
    await capstan(['exp', 'run', '--project', 'shop', ...args], url, root);
  expect((await run(undefined, '-n', 'slow', '-S', 'lr=0.01')).code).toBe(0);
  expect((await run(server.url, '-n', 'faster', '-S', 'lr=0.5')).code).toBe(0);
  const { items } = await client.pipelines.list({ query: { limit: 2 } });
  const runs = await Promise.all(items.map(({ id }) => client.pipelines.get({ params: { run: id } })));
  const commitOf = (name: string): string =>
    doneAsAda(root, 'git', ['for-each-ref', '--format=%(objectname)', `refs/exps/**/${name}`]).out.trim();
  // The one that no server was told of came after that which went on.
  const told = new Map(runs.map((each) => [each.place?.experiment?.name, each]));
  for (const [name, lr] of [
    ['slow', 0.01],
    ['faster', 0.5],
  ] as const) {
    expect(commitOf(name)).toMatch(/^[0-9a-f]{40}$/);
    expect(told.get(name)).toMatchObject({
      source: 'checkout',
      status: 'succeeded',
      params: { 'params.yaml': { lr } },
      place: { experiment: { name, commit: commitOf(name) }, isDirty: true },
    });
  }
  const runId = await until(async () => {
    const found = await client.pipelines.get({ params: { run: told.get('faster')?.id ?? '' } });
    return stageOf(found, 'train')?.runId ?? undefined;
  });
  const tracked = await until(async () => {
    const found = await client.experiments.getRun({ params: { run: runId } });
    return found.status === 'FINISHED' ? found : undefined;
  });
  expect(tracked).toMatchObject({
    name: 'train-faster',
    params: { lr: '0.5' },
    metrics: { loss: { value: 0.25 } },
    tags: { 'capstan.experiment': 'faster' },
  });
  for (const theme of ['light', 'dark'])
    await checkScreen(browser, server.url, theme, {
      name: 'experiment-run',
      path: `/pipeline-runs/${told.get('faster')?.id}`,
      heading: 'Pipeline run',
      text: 'kept by the experiment faster',
    });
  // One that fails is told as such, and kept nowhere.
  write('dvc.yaml', PIPELINE.replace('echo begun', 'exit 3'));
  expect((await run(server.url, '-n', 'broken')).code).toBe(1);
  const broken = await newest();
  expect(broken).toMatchObject({ status: 'failed', place: { experiment: { name: 'broken', commit: null } } });
});
