// What a real MLflow holds comes to Capstan and goes back: everything the unmodified client can see is the same on both
// sides, from a running server, from its database and from the files of its file store.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { createClient } from '@capstan/client';
import { databases, startOnEach, stopAll, type CapstanOn } from '../support/databases.ts';
import { findClientPython, runPython } from '../support/python.ts';
import { startMlflowServer, type MlflowServer } from '../support/mlflow-server.ts';
import { capstan, emptyFolder, program } from '../support/server.ts';

const script = fileURLToPath(new URL('mlflow_source.py', import.meta.url));
const INSTALLATION_MS = 20 * 60_000;
const MINUTES = 3 * 60_000;

interface Seen {
  readonly experiments: Record<string, [lifecycle: string, createdAt: number, tags: object]>;
  readonly runs: Record<
    string,
    {
      readonly experiment: string;
      readonly params: object;
      readonly files: object;
      readonly latest: Record<string, string>;
      readonly metrics: Record<string, string[][]>;
    }
  >;
  readonly models: Record<string, unknown>;
  readonly registered: Record<string, unknown>;
  readonly traces: Record<string, { readonly spans: unknown[]; readonly assessments: unknown[] }>;
  /** Ids of the traces that a run, or a version of a prompt, is asked for. */
  readonly links: Record<string, string[]>;
  readonly datasets: Record<string, { readonly records: unknown[] }>;
  readonly scorers: Record<string, unknown[]>;
}

let python: string;
let mlflow: MlflowServer;
const folder = emptyFolder();
const database = join(folder, 'mlflow.db');
const artifacts = join(folder, 'artifacts');
const mlruns = join(folder, 'mlruns');
let onServer: Seen;
let inFiles: Seen;

async function act(mode: string, ...args: string[]): Promise<void> {
  // MLflow wants to be asked before it writes files; tests reach no other machine.
  const env = { MLFLOW_ALLOW_FILE_STORE: 'true', DO_NOT_TRACK: 'true' };
  const { code, err } = await runPython(python, [script, mode, ...args], { folder, env });
  if (code !== 0) throw new Error(`mlflow_source.py ${mode} ended with ${code}:\n${err.slice(-5_000)}`);
}

/** What the client sees at each of them, by one Python: it takes longer to start than to look. */
async function seenAt(...urls: string[]): Promise<Seen[]> {
  const places = urls.map((url) => ({ url, target: join(emptyFolder(), 'seen.json') }));
  await act('read', ...places.flatMap(({ url, target }) => [url, target]));
  return places.map(({ target }) => {
    const seen = JSON.parse(readFileSync(target, 'utf8')) as Seen;
    // Every Capstan has an experiment 0 before anything comes: it keeps its own time.
    if (seen.experiments['Default']) seen.experiments['Default'][1] = 0;
    return seen;
  });
}

/** Of a Capstan on each database, until the end of the test. */
async function urlsOfEach(): Promise<string[]> {
  const started = await startOnEach();
  onTestFinished(() => stopAll(started));
  return started.map(({ url }) => url);
}

const onEach = <T>(what: T): T[] => databases.map(() => what);

const fromDatabase = () => ['import', 'mlflow', `sqlite:///${database}`, '--artifacts', artifacts];

beforeAll(async () => {
  python = await findClientPython();
  mlflow = await startMlflowServer(python, { database, artifacts, folder });
  for (const name of ['work', 'files']) mkdirSync(join(folder, name));
  await act('make', mlflow.url, join(folder, 'work'));
  await act('make', `file://${mlruns}`, join(folder, 'files'));
  [onServer, inFiles] = (await seenAt(mlflow.url, `file://${mlruns}`)) as [Seen, Seen];
}, INSTALLATION_MS);

afterAll(() => mlflow.stop());

describe('what the client sees is the same on each database', { timeout: MINUTES }, () => {
  /** Hold what was brought from the database. */
  let whole: CapstanOn[];
  beforeAll(async () => {
    whole = await startOnEach();
  });
  afterAll(() => stopAll(whole));

  test('from the database of a server that runs; a dry run changes nothing before it', async () => {
    for (const { url } of whole) {
      const look = await capstan([...fromDatabase(), '--dry-run'], url);
      expect(look).toMatchObject({
        code: 0,
        out: expect.stringMatching(/Would bring:[^]*10 runs[^]*6 traces[^]*2 evaluation datasets\n  705 records/),
      });
      const { items } = await createClient({ baseUrl: url }).experiments.list({ query: {} });
      expect(items.map(({ name }) => name)).toEqual(['Default']);
      const done = await capstan(fromDatabase(), url);
      expect(done).toMatchObject({ code: 0, out: expect.stringContaining('2,507 points') });
    }
    expect(await seenAt(...whole.map(({ url }) => url))).toEqual(onEach(onServer));
    // The client saw them there, too: links of every kind, records, spans.
    expect(Object.values(onServer.traces).flatMap(({ spans }) => spans)).toHaveLength(7);
    expect(Object.values(onServer.datasets).flatMap(({ records }) => records)).toHaveLength(705);
    expect(Object.keys(onServer.links)).toHaveLength(4);
    expect(Object.values(onServer.scorers).flat()).toHaveLength(3);
  });

  test('a second time, when nothing has changed there, nothing is brought', async () => {
    for (const { url } of whole) {
      const { code, out } = await capstan([...fromDatabase(), '--json'], url);
      expect(code).toBe(0);
      const last = JSON.parse(out.trim().split('\n').at(-1) ?? '') as { counts: Record<string, number> };
      const { unchangedRuns, unchangedTraces, experiments, ...rest } = last.counts;
      expect({ unchangedRuns, unchangedTraces, experiments }).toEqual({
        unchangedRuns: 10,
        unchangedTraces: 6,
        experiments: 6,
      });
      expect(Object.values(rest).every((count) => count === 0)).toBe(true);
    }
  });

  test('from a running server by its REST API', async () => {
    const urls = await urlsOfEach();
    for (const url of urls) {
      const { code, err } = await capstan(['import', 'mlflow', mlflow.url], url);
      expect(code, err).toBe(0);
    }
    expect(await seenAt(...urls)).toEqual(onEach(onServer));
  });

  test('from the files of the file store, trash too', async () => {
    const urls = await urlsOfEach();
    for (const url of urls) {
      const { code, err } = await capstan(['import', 'mlflow', mlruns], url);
      expect(code, err).toBe(0);
      expect(err).toMatch(/Experiment 'by hand' \(\d{18} there\) is 1 here/);
    }
    expect(await seenAt(...urls)).toEqual(onEach(asKept(inFiles)));
  });

  test('of one experiment alone, with the models of its runs', async () => {
    const urls = await urlsOfEach();
    for (const url of urls) {
      await capstan([...fromDatabase(), '--experiment', 'with models', '--no-artifacts'], url);
    }
    for (const seen of await seenAt(...urls)) {
      expect(Object.keys(seen.experiments).toSorted()).toEqual(['Default', 'with models']);
      expect(Object.keys(seen.runs)).toHaveLength(2);
      expect(Object.keys(seen.registered)).toEqual(['net']);
    }
  });

  test('exported again, in a real MLflow server that opens the export', async () => {
    const exported: MlflowServer[] = [];
    try {
      for (const { url } of whole) exported.push(await exportFrom(url));
      expect(await seenAt(...exported.map(({ url }) => url))).toEqual(onEach(onServer));
    } finally {
      for (const server of exported) await server.stop();
    }
  });
});

async function exportFrom(url: string): Promise<MlflowServer> {
  const target = join(emptyFolder(), 'export');
  const { code, out } = await capstan(['export', 'mlflow', target], url);
  expect(code).toBe(0);
  expect(out).toContain('mlflow server');
  expect(await capstan(['export', 'mlflow', target], url)).toMatchObject({ code: 5 });
  return await startMlflowServer(python, {
    database: join(target, 'mlflow.db'),
    artifacts: join(target, 'artifacts'),
    folder: emptyFolder(),
  });
}

test(
  'an exporter of another tracker that loads into MLflow loads into Capstan',
  async () => {
    const urls = [mlflow.url, ...(await urlsOfEach())];
    for (const url of urls) await act('load', url, join(folder, 'work'));
    const [there, ...here] = (await seenAt(...urls)).map(({ runs }) => {
      const ofLoader = Object.values(runs).filter((run) => run.experiment === 'workspace/project/experiment');
      return ofLoader.map(({ params, latest, metrics, files }) => ({ params, latest, metrics, files }));
    });
    expect(there).toHaveLength(2);
    expect(here).toEqual(onEach(there));
  },
  MINUTES,
);

/** What Capstan keeps otherwise than MLflow's file store. */
function asKept(seen: Seen): Seen {
  for (const run of Object.values(seen.runs)) {
    // Infinities are the greatest numbers, as in MLflow's own database.
    if (run.latest['huge'] !== undefined) {
      run.latest['huge'] = '1.7976931348623157e+308';
      run.metrics['huge'] = [['1.7976931348623157e+308', '1700000000001', '-5']];
    }
    // The file store writes the step of a metric on a dataset and never reads it again; it was logged at step 3.
    for (const point of run.metrics['accuracy'] ?? []) point[2] = '3';
  }
  return seen;
}

/** How often the import was stopped before it was through. */
async function killImports(url: string): Promise<number> {
  let killed = 0;
  for (const afterMs of [500, 700, 900, 1_100, 1_300]) {
    const child = spawn(process.execPath, [program, ...fromDatabase()], {
      stdio: 'ignore',
      env: { PATH: process.env['PATH'] ?? '', HOME: folder, CAPSTAN_URL: url },
    });
    await pause(afterMs);
    if (child.exitCode !== null) break;
    child.kill('SIGKILL');
    await once(child, 'exit');
    killed += 1;
  }
  return killed;
}

test(
  'stopped by kill -9 again and again, an import ends as one that was never stopped; the next one brings what is new',
  async () => {
    await act('bulk', database, folder);
    const urls = await urlsOfEach();
    for (const url of urls) {
      expect(await killImports(url)).toBeGreaterThan(0);
      const last = await capstan(fromDatabase(), url);
      expect(last.code, last.err).toBe(0);
    }
    const [all, ...brought] = (await seenAt(mlflow.url, ...urls)) as [Seen, ...Seen[]];
    expect(brought).toEqual(onEach(all));

    await act('more', mlflow.url, join(folder, 'work'));
    for (const url of urls) {
      const next = await capstan(fromDatabase(), url);
      expect(next).toMatchObject({ code: 0, out: expect.stringMatching(/ 2 runs\n/) });
      // One of them went on, and one is new.
      const unchanged = Object.keys(all.runs).length - 1;
      // One trace was assessed, one is new; a record was changed, one is new, and a scorer has another version.
      expect(next.out).toMatch(/ 2 traces\n {2}5 traces here already[^]*1 evaluation datasets\n {2}2 records\n/);
      expect(next.out).toContain(' 1 scorers');
      expect(next.out).toContain(`${unchanged} runs here already\n  2 points`);
    }
    const [more, ...after] = await seenAt(mlflow.url, ...urls);
    expect(after).toEqual(onEach(more));
  },
  2 * MINUTES,
);
