// A Python model, trained and registered by its own tools, built into a folder: elsewhere it answers as the model does, with
// no control plane and an empty environment, and comes back when its process is killed.
import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { findClientPython, runPython } from '../support/python.ts';
import { deploy } from '../support/served-models.ts';
import { capstan, emptyFolder, startServer, type RunningServer } from '../support/server.ts';
import { killFound } from '../support/processes.ts';
import { startAlone } from '../support/standalone.ts';

const script = fileURLToPath(new URL('standalone_model.py', import.meta.url));
const isBuilt = process.env['TEST_CAPSTAN'] !== undefined;
const root = emptyFolder();
const folder = join(root, 'moved');

interface Golden {
  readonly rows: readonly Record<string, number>[];
  readonly answers: readonly number[];
}

let server: RunningServer;
let python: string;
let golden: Golden;
let refused: Awaited<ReturnType<typeof capstan>>;

beforeAll(async () => {
  if (!isBuilt) return;
  python = await findClientPython();
  server = await startServer([`--serving-python=${python}`]);
  const trained = await runPython(python, [script], { folder: root, env: { MLFLOW_TRACKING_URI: server.url } });
  expect(trained.code, trained.err).toBe(0);
  golden = JSON.parse(readFileSync(join(root, 'answers.json'), 'utf8')) as Golden;
  await deploy(server.url, 'flowers');
  const built = await capstan(['build', 'flowers', '--output', join(root, 'built')], server.url);
  expect(built.code, built.err).toBe(0);
  refused = await capstan(['build', 'flowers', '--output', join(root, 'refused'), '--with-parquet'], server.url);
  await server.stop();
  cpSync(join(root, 'built'), folder, { recursive: true });
  rmSync(join(root, 'built'), { recursive: true });
  execFileSync('chmod', ['-R', 'a+rX,a-w', folder]);
}, 120_000);

afterAll(async () => {
  await server?.stop();
  execFileSync('chmod', ['-R', 'u+w', root]);
  rmSync(root, { recursive: true, force: true });
});

interface Status {
  readonly deployments: readonly {
    readonly failures: readonly { readonly reason: string }[];
    readonly models: readonly {
      readonly processes: { readonly workers: readonly { pid: number; state: string; restarts: number }[] } | null;
    }[];
  }[];
}

async function statusOf(url: string): Promise<Status> {
  return (await (await fetch(`${url}/api/v1/serving/status`)).json()) as Status;
}

const workerOf = async (url: string) => (await statusOf(url)).deployments[0]?.models[0]?.processes?.workers[0];

async function answersAt(url: string): Promise<{ rows: unknown; scored: unknown }> {
  const asked = async (path: string, body: unknown): Promise<{ predictions: unknown[] }> => {
    const headers = { 'content-type': 'application/json' };
    const response = await fetch(url + path, { method: 'POST', headers, body: JSON.stringify(body) });
    const text = await response.text();
    expect(response.status, text).toBe(200);
    return JSON.parse(text) as { predictions: unknown[] };
  };
  const { predictions } = await asked('/models/flowers/predict', { rows: golden.rows });
  const rows = predictions.map((each) => (each as { outputs: { predictions: number } }).outputs.predictions);
  return { rows, scored: (await asked('/invocations', { dataframe_records: golden.rows })).predictions };
}

const isReady = (url: string) => async (): Promise<number> => (await fetch(`${url}/v2/health/ready`)).status;

describe.runIf(isBuilt)('a built folder of a Python model', () => {
  test('answers as the model does by an interpreter that has what it requires; a killed process comes back', async () => {
    const alone = await startAlone(folder, join(root, 'data'), { flags: ['--serving-python', python], isOurs: true });
    try {
      await expect.poll(isReady(alone.url), { timeout: 60_000 }).toBe(200);
      const expected = { rows: golden.answers, scored: golden.answers };
      expect(await answersAt(alone.url)).toEqual(expected);
      const before = await workerOf(alone.url);
      killFound(before?.pid ?? undefined);
      const back = { state: 'idle', restarts: 1 };
      await expect.poll(() => workerOf(alone.url), { timeout: 60_000 }).toMatchObject(back);
      expect((await workerOf(alone.url))?.pid).not.toBe(before?.pid);
      expect(await answersAt(alone.url)).toEqual(expected);
    } finally {
      await alone.stop();
    }
    expect(alone.child.exitCode).toBe(0);
  });

  test('without a Python that fits it listens, and says what is missing', async () => {
    const alone = await startAlone(folder, join(root, 'other'), { env: { PATH: emptyFolder() }, isOurs: true });
    try {
      const reason = async () => (await statusOf(alone.url)).deployments[0]?.failures[0]?.reason;
      await expect.poll(reason, { timeout: 30_000 }).toMatch(/^The model wants Python 3[.\d]+; there is none/);
      expect(await isReady(alone.url)()).toBe(503);
    } finally {
      await alone.stop();
    }
  });

  test('the reader of Parquet is for ONNX models: this one reads it by its own code', () => {
    expect(refused).toMatchObject({
      code: 5,
      err: expect.stringMatching(/is Python, which reads Parquet bodies by MLflow/),
    });
    expect(existsSync(join(root, 'refused'))).toBe(false);
  });

  test('the Dockerfile has the Python that the model was logged with, and the README says what it needs', () => {
    const minor = execFileSync(python, ['-c', 'import sys; print("%d.%d" % sys.version_info[:2])'], {
      encoding: 'utf8',
    });
    const images = readFileSync(join(folder, 'Dockerfile'), 'utf8').match(/^FROM .*$/gm);
    expect(images).toEqual(['FROM node:24-slim AS node', `FROM python:${minor.trim()}-slim`]);
    expect(readFileSync(join(folder, 'README.md'), 'utf8')).toContain(`It needs Python ${minor.trim()} on the machine`);
  });
});
