// Requests go on at a steady rate while revisions are switched and processes are killed: the control plane, one of two
// processes of the data plane, the process of a Python model. No request fails but those on a killed process, no answer is
// of a revision that was not served then, and the log has every answer once.
// CRASH_SWITCHES=500 npx vitest run --project system tests/crash/serving.test.ts
import { readdirSync, readFileSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { fileURLToPath } from 'node:url';
import { setTimeout as sleep } from 'node:timers/promises';
import { createClient } from '@capstan/client';
import { expect, onTestFinished, test } from 'vitest';
import { findClientPython } from '../support/python.ts';
import { registerModel } from '../support/served-models.ts';
import { killFound } from '../support/processes.ts';
import {
  capstan,
  emptyFolder,
  startServer,
  startServing,
  type RunningServer,
  type RunningServing,
} from '../support/server.ts';

const SWITCHES = Number(process.env['CRASH_SWITCHES'] ?? 50);
const RATE = 200;
/** Of which so many go to the Python model. */
const EVERY_PYTHON = 10;
/** A request that was on its way to a killed process fails within this. */
const AFTERMATH_MS = 1_500;

interface Asked {
  readonly sentAt: number;
  readonly endedAt: number;
  readonly x: number;
  readonly deployment: 'plus' | 'python';
  readonly status: number | 'reset';
  readonly y?: number;
  readonly id?: string;
  readonly body?: string;
}

const PYTHON_MODEL = {
  MLmodel:
    'flavors:\n  python_function: {loader_module: plus_loader, code: code, python_version: 3.11.0}\n' +
    `signature:\n  inputs: '[{"type": "double", "name": "x"}]'\n  outputs: '[{"type": "double"}]'\n`,
  'requirements.txt': 'mlflow\n',
  'code/plus_loader.py':
    'class Plus:\n    def predict(self, frame):\n        return frame["x"].to_numpy() + 1\n\n\n' +
    'def _load_pyfunc(path):\n    return Plus()\n',
};

/** One request, on a connection that may be kept. */
function ask(agent: Agent, port: number, deployment: Asked['deployment'], x: number): Promise<Asked> {
  const sentAt = performance.now();
  const body =
    deployment === 'plus'
      ? JSON.stringify({ inputs: [{ name: 'x', shape: [1, 1], datatype: 'FP32', data: [x] }] })
      : JSON.stringify({ dataframe_split: { columns: ['x'], data: [[x]] } });
  const path = deployment === 'plus' ? '/v2/models/plus/infer' : '/models/python/invocations';
  return new Promise((resolve) => {
    const end = (rest: Omit<Asked, 'sentAt' | 'endedAt' | 'x' | 'deployment'>): void =>
      resolve({ sentAt, endedAt: performance.now(), x, deployment, ...rest });
    const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) };
    const call = request({ host: '127.0.0.1', port, path, method: 'POST', agent, headers }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (part: string) => (text += part));
      response.on('error', () => end({ status: 'reset' }));
      response.on('end', () => {
        const status = response.statusCode ?? 0;
        const id = String(response.headers['x-capstan-prediction-id']);
        if (status !== 200) return end({ status, body: text });
        const answer = JSON.parse(text) as { outputs?: [{ data: [number] }]; predictions?: [number] };
        end({ status, id, y: answer.outputs?.[0].data[0] ?? answer.predictions?.[0] ?? Number.NaN });
      });
    });
    call.on('error', () => end({ status: 'reset' }));
    call.end(body);
  });
}

/** Asks at the rate, whatever the answers take, until it is stopped. */
function load(port: number) {
  const agent = new Agent({ keepAlive: true, maxSockets: 256 });
  const asked: Promise<Asked>[] = [];
  const began = performance.now();
  const timer = setInterval(() => {
    const due = Math.floor(((performance.now() - began) / 1_000) * RATE);
    while (asked.length < due) {
      const x = asked.length;
      asked.push(ask(agent, port, x % EVERY_PYTHON === 0 ? 'python' : 'plus', x));
    }
  }, 5);
  return async (): Promise<Asked[]> => {
    clearInterval(timer);
    const all = await Promise.all(asked);
    agent.destroy();
    return all;
  };
}

/** Processes of Python models whose data are in the folder. */
function pythonWorkers(data: string): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => {
      try {
        const words = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
        return words.some((word) => word.startsWith(`${data}/serving`) && word.includes('/python/program'));
      } catch {
        return false;
      }
    });
}

test('switches and kills lose no request, mix up no revision, and the log is whole', { timeout: 600_000 }, async () => {
  const python = await findClientPython();
  const data = emptyFolder();
  const planeData = emptyFolder();
  let control: RunningServer = await startServer(['--no-serving'], data);
  const { port } = new URL(control.url);
  const model = (name: string) =>
    readFileSync(fileURLToPath(new URL(`../support/models/${name}.onnx`, import.meta.url)));
  for (const name of ['plus-one', 'plus-two']) {
    await registerModel(control.url, 'plus', {
      'model.onnx': model(name),
      MLmodel: 'flavors:\n  onnx: {data: model.onnx}\n',
    });
  }
  await registerModel(control.url, 'python', PYTHON_MODEL);

  const flags = ['--serving-processes=2', `--serving-python=${python}`, '--no-grpc'];
  const planes: RunningServing[] = [await startServing(control.url, [...flags, '--process=0'], planeData)];
  const servingPort = Number(new URL(planes[0]?.url ?? '').port);
  const startSecond = () =>
    startServing(
      control.url,
      [...flags, '--process=1', '--ready-within=60000', `--serving-port=${servingPort}`],
      planeData,
    );
  planes.push(await startSecond());
  onTestFinished(async () => {
    for (const one of [control, ...planes]) await one.kill();
  });
  const client = createClient({ baseUrl: control.url });

  /** When each revision of `plus` was asked for, and when every process said that it serves it. */
  const switches: { revision: number; askedAt: number; doneAt: number }[] = [];
  async function deploy(deployment: 'plus' | 'python', version: number): Promise<void> {
    const askedAt = performance.now();
    const body = { model: deployment, version, guards: false, newInputs: true };
    const { id, revision } = await client.deployments.start({ params: { deployment }, body });
    for (;;) {
      const { state, reason } = await client.deployments.rollout({ params: { rollout: id } });
      if (state === 'promoted') break;
      if (state === 'rolled-back') throw new Error(reason);
      await sleep(10);
    }
    if (deployment === 'plus') switches.push({ revision, askedAt, doneAt: performance.now() });
  }
  await deploy('plus', 1);
  await deploy('python', 1);

  const kills: number[] = [];
  const finish = load(servingPort);
  for (let count = 1; count <= SWITCHES; count++) {
    await deploy('plus', (count % 2) + 1);
    if (count % 20 === 5) {
      await control.kill();
      await sleep(500);
      control = await startServer(['--no-serving', '--port', port], data);
    }
    if (count % 20 === 10) {
      kills.push(performance.now());
      await planes.pop()?.kill();
      planes.push(await startSecond());
    }
    if (count % 20 === 15) {
      const [worker] = pythonWorkers(planeData);
      expect(worker).toBeDefined();
      kills.push(performance.now());
      killFound(worker);
    }
  }
  await sleep(500);
  const asked = await finish();

  const failed = asked.filter(({ status }) => status !== 200);
  const unexplained = failed.filter(({ endedAt }) => !kills.some((at) => endedAt >= at && endedAt < at + AFTERMATH_MS));
  expect(unexplained.slice(0, 5)).toEqual([]);
  const answered = asked.filter(({ status }) => status === 200);
  expect(answered.length).toBeGreaterThan(SWITCHES);

  // Odd revisions are version 1, which adds one.
  const wrong = answered.filter(({ deployment, x, y, sentAt, endedAt }) => {
    if (deployment === 'python') return y !== x + 1;
    const from = switches.findLastIndex(({ doneAt }) => doneAt <= sentAt);
    const to = switches.findLastIndex(({ askedAt }) => askedAt <= endedAt);
    const allowed = switches.slice(Math.max(from, 0), Math.max(to, 0) + 1);
    return !allowed.some(({ revision }) => y === Math.fround(x) + (revision % 2 === 1 ? 1 : 2));
  });
  expect(wrong.slice(0, 5)).toEqual([]);

  const drill = await capstan(['drill', 'rollback', 'plus', '--within', '60000', '--json'], control.url);
  expect(JSON.parse(drill.out)).toMatchObject({ from: SWITCHES + 1, to: SWITCHES });

  for (const plane of planes) await plane.stop();
  const logged = async (): Promise<string[]> => {
    const sql = "select example_id from predictions where role <> 'shadow' and error is null";
    const { rows } = await client.predictions.query({ body: { sql, limit: 100_000 } });
    return rows.map((row) => String(row['example_id']));
  };
  const isWhole = async (): Promise<string[]> => {
    const ids = new Set(await logged());
    return answered.flatMap(({ id }) => (id !== undefined && ids.has(id) ? [] : [id ?? '']));
  };
  await expect.poll(isWhole, { timeout: 60_000, interval: 1_000 }).toEqual([]);
  const ids = await logged();
  expect(ids.length - new Set(ids).size).toBe(0);
  await control.stop();
  console.log(`${asked.length} requests, ${failed.length} on killed processes, ${switches.length} revisions`);
});
