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
import { databases, emptyDatabase, type DatabaseName, type EmptyDatabase } from '../support/databases.ts';
import { findClientPython, runPython } from '../support/python.ts';
import { startMlflowServer, type MlflowServer } from '../support/mlflow-server.ts';
import { capstan, emptyFolder, program, startServer, type RunningServer } from '../support/server.ts';

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

async function seenAt(url: string): Promise<Seen> {
  const target = join(emptyFolder(), 'seen.json');
  await act('read', url, target);
  const seen = JSON.parse(readFileSync(target, 'utf8')) as Seen;
  // Every Capstan has an experiment 0 before anything comes: it keeps its own time.
  if (seen.experiments['Default']) seen.experiments['Default'][1] = 0;
  return seen;
}

/** Ends with the test. */
async function openCapstan(name: DatabaseName): Promise<string> {
  const { flags, remove } = emptyDatabase(name);
  const server = await startServer(['--no-serving', ...flags]);
  onTestFinished(async () => {
    expect(await server.stop()).toBe(0);
    remove();
  });
  return server.url;
}

const fromDatabase = () => ['import', 'mlflow', `sqlite:///${database}`, '--artifacts', artifacts];

beforeAll(async () => {
  python = await findClientPython();
  mlflow = await startMlflowServer(python, { database, artifacts, folder });
  for (const name of ['work', 'files']) mkdirSync(join(folder, name));
  await act('make', mlflow.url, join(folder, 'work'));
  await act('make', `file://${mlruns}`, join(folder, 'files'));
  onServer = await seenAt(mlflow.url);
  inFiles = await seenAt(`file://${mlruns}`);
}, INSTALLATION_MS);

afterAll(() => mlflow.stop());

describe.each(databases)('what the client sees is the same on %s', { timeout: MINUTES }, (name) => {
  /** Holds what was brought from the database. */
  let whole: RunningServer;
  let storage: EmptyDatabase;
  beforeAll(async () => {
    storage = emptyDatabase(name);
    whole = await startServer(['--no-serving', ...storage.flags]);
  });
  afterAll(async () => {
    expect(await whole.stop()).toBe(0);
    storage.remove();
  });

  test('from the database of a server that runs; a dry run changes nothing before it', async () => {
    const { url } = whole;
    const look = await capstan([...fromDatabase(), '--dry-run'], url);
    expect(look).toMatchObject({ code: 0, out: expect.stringMatching(/Would bring:[^]*7 runs/) });
    const { items } = await createClient({ baseUrl: url }).experiments.list({ query: {} });
    expect(items.map((experiment) => experiment.name)).toEqual(['Default']);

    const done = await capstan(fromDatabase(), url);
    expect(done).toMatchObject({ code: 0, out: expect.stringContaining('2,507 points') });
    expect(await seenAt(url)).toEqual(onServer);
  });

  test('from a running server by its REST API', async () => {
    const url = await openCapstan(name);
    const { code, err } = await capstan(['import', 'mlflow', mlflow.url], url);
    expect(code, err).toBe(0);
    expect(await seenAt(url)).toEqual(onServer);
  });

  test('from the files of the file store, trash too', async () => {
    const url = await openCapstan(name);
    const { code, err } = await capstan(['import', 'mlflow', mlruns], url);
    expect(code, err).toBe(0);
    expect(err).toMatch(/Experiment 'by hand' \(\d{18} there\) is 1 here/);
    expect(await seenAt(url)).toEqual(asKept(inFiles));
  });

  test('of one experiment alone, with the models of its runs', async () => {
    const url = await openCapstan(name);
    await capstan([...fromDatabase(), '--experiment', 'with models', '--no-artifacts'], url);
    const seen = await seenAt(url);
    expect(Object.keys(seen.experiments).toSorted()).toEqual(['Default', 'with models']);
    expect(Object.keys(seen.runs)).toHaveLength(2);
    expect(Object.keys(seen.registered)).toEqual(['net']);
  });

  test('exported again, in a real MLflow server that opens the export', async () => {
    const { url } = whole;
    const target = join(emptyFolder(), 'export');
    const { code, out } = await capstan(['export', 'mlflow', target], url);
    expect(code).toBe(0);
    expect(out).toContain('mlflow server');
    const back = await startMlflowServer(python, {
      database: join(target, 'mlflow.db'),
      artifacts: join(target, 'artifacts'),
      folder: emptyFolder(),
    });
    try {
      expect(await seenAt(back.url)).toEqual(onServer);
    } finally {
      await back.stop();
    }
    expect(await capstan(['export', 'mlflow', target], url)).toMatchObject({ code: 5 });
  });
});

test(
  'an exporter of another tracker that loads into MLflow loads into Capstan',
  async () => {
    const loaded = async (url: string) => {
      await act('load', url, join(folder, 'work'));
      const { runs } = await seenAt(url);
      const ofLoader = Object.values(runs).filter((run) => run.experiment === 'workspace/project/experiment');
      return ofLoader.map(({ params, latest, metrics, files }) => ({ params, latest, metrics, files }));
    };
    const there = await loaded(mlflow.url);
    expect(there).toHaveLength(2);
    for (const name of databases) expect(await loaded(await openCapstan(name)), name).toEqual(there);
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
    const all = await seenAt(mlflow.url);
    const urls = await Promise.all(databases.map(openCapstan));
    for (const url of urls) {
      expect(await killImports(url)).toBeGreaterThan(0);
      const last = await capstan(fromDatabase(), url);
      expect(last.code, last.err).toBe(0);
      expect(await seenAt(url)).toEqual(all);
    }

    await act('more', mlflow.url, join(folder, 'work'));
    const more = await seenAt(mlflow.url);
    for (const url of urls) {
      const next = await capstan(fromDatabase(), url);
      expect(next).toMatchObject({ code: 0, out: expect.stringMatching(/ 2 runs\n/) });
      // One of them went on, and one is new.
      const unchanged = Object.keys(all.runs).length - 1;
      expect(next.out).toContain(`${unchanged} runs here already\n  2 points`);
      expect(await seenAt(url)).toEqual(more);
    }
  },
  3 * MINUTES,
);
