// ONNX models whose weights mlflow put into files beside them, on the whole way: trained by a pipeline, judged by gates, rolled
// out by shadow and canary, replayed. Both versions have the same ONNX file to the byte: whoever leaves out the weights, or
// knows a model by that file, takes one for the other.
import { cpSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createClient, type Client } from '@capstan/client';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { findClientPython, runPython } from '../support/python.ts';
import { capstan, emptyFolder, startServer, type RunningServer } from '../support/server.ts';

const PROJECT = 'shop';
const MODEL = 'late';
const DEPLOYMENT = 'late-arrival';
const script = fileURLToPath(new URL('weights_beside.py', import.meta.url));
const SOON = { timeout: 30_000, interval: 200 };

const DECLARATION = `project: ${PROJECT}
charter:
  owner: tests
  decision: none
  value: {currency: USD, true_positive: 1, false_positive: -1, false_negative: -1, true_negative: 0}
datasets:
  flights: {path: data/*.csv, event_time: time, label: {column: late, arrives_after: 1d}}
pipeline: dvc.yaml
model: {name: ${MODEL}, task: binary, metric: log_loss}
gates:
  - {check: better_than, other: champion, on: latest_labelled_window, confidence: 0.95}
  - {check: latency, p99: 10s}
  - {check: reproducible}
deployment: {name: ${DEPLOYMENT}, rollout: [shadow: 20, canary: 50%, 100%], analysis: [errors]}
`;
const PIPELINE = `stages:
  train:
    cmd: python3 train.py
    deps: [train.py, chosen, data]
    outs: [work/done]
`;
/** Logs the files of the chosen model to the stage's run, and registers them, with nothing but the standard library. */
const TRAIN = `import json, os, urllib.request
server, run = os.environ["MLFLOW_TRACKING_URI"], os.environ["MLFLOW_RUN_ID"]
def ask(path, body=None, method=None):
    data = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
    request = urllib.request.Request(server + path, data, {"content-type": "application/json"}, method=method)
    with urllib.request.urlopen(request) as answer:
        return answer.read()
experiment = json.loads(ask("/api/2.0/mlflow/runs/get?run_id=" + run))["run"]["info"]["experiment_id"]
for name in os.listdir("chosen"):
    with open("chosen/" + name, "rb") as file:
        ask(f"/api/2.0/mlflow-artifacts/artifacts/{experiment}/{run}/artifacts/model/{name}", file.read(), "PUT")
try:
    ask("/api/2.0/mlflow/registered-models/create", {"name": "${MODEL}"})
except urllib.error.HTTPError:
    pass
ask("/api/2.0/mlflow/model-versions/create", {"name": "${MODEL}", "source": f"runs:/{run}/model", "run_id": run})
os.makedirs("work", exist_ok=True)
open("work/done", "w").write(run)
`;

const made = emptyFolder();
const folder = join(emptyFolder(), PROJECT);
let server: RunningServer;
let client: Client;
let probes: readonly (readonly [number, number])[];
let said: Readonly<Record<'1' | '2', readonly number[]>>;

beforeAll(async () => {
  const python = await findClientPython();
  const { code, out, err } = await runPython(python, [script, made], { folder: emptyFolder(), env: {} });
  expect(code, err).toBe(0);
  ({ probes, said } = JSON.parse(out.trim().split('\n').at(-1) ?? '') as { probes: typeof probes; said: typeof said });
  mkdirSync(join(folder, 'data'), { recursive: true });
  for (const [name, text] of Object.entries({ 'capstan.yaml': DECLARATION, 'dvc.yaml': PIPELINE, 'train.py': TRAIN }))
    writeFileSync(join(folder, name), text);
  server = await startServer(['--check-replies']);
  client = createClient({ baseUrl: server.url });
  await done('apply', '--file', join(folder, 'capstan.yaml'));
}, 120_000);

afterAll(async () => {
  await server?.stop();
  for (const each of [made, folder]) rmSync(each, { recursive: true, force: true });
});

async function done(...args: string[]): Promise<string> {
  const { code, out, err } = await capstan(args, server.url);
  expect(code, `${args.join(' ')}: ${err}${out}`).toBe(0);
  return out;
}

/** The rows of a month, as the only ones of the dataset's newest version. Returns its id. */
async function register(month: string): Promise<string> {
  rmSync(join(folder, 'data'), { recursive: true });
  mkdirSync(join(folder, 'data'));
  renameSync(join(made, `${month}.csv`), join(folder, 'data', `${month}.csv`));
  await done('datasets', 'register', PROJECT, 'flights', '--replace');
  return await vi.waitFor(async () => {
    const { items } = await client.datasets.list({ params: { project: PROJECT } });
    expect(items[0]?.accepted?.id).toBe(items[0]?.newest?.id);
    return items[0]?.accepted?.id ?? '';
  }, SOON);
}

async function train(version: 1 | 2): Promise<void> {
  rmSync(join(folder, 'chosen'), { recursive: true, force: true });
  cpSync(join(made, String(version)), join(folder, 'chosen'), { recursive: true });
  const { id } = await client.pipelines.start({ params: { project: PROJECT }, body: {} });
  await vi.waitFor(async () => {
    const { status, reason } = await client.pipelines.get({ params: { run: id } });
    expect([status, reason]).toEqual(['succeeded', null]);
  }, SOON);
}

const judge = (version: number, evaluation: string) =>
  client.gates.evaluate({ params: { model: MODEL, version }, body: { project: PROJECT, evaluation } });

let asked = 0;
/** The rows in one request. Returns their ids. */
async function ask(rows: readonly (readonly [number, number])[]): Promise<string[]> {
  const records = rows.map(([x1, x2]) => ({
    example_id: `f${(asked += 1)}`,
    event_time: '2013-04-01T00:00:00Z',
    x1,
    x2,
  }));
  const response = await fetch(`${server.servingUrl}/models/${DEPLOYMENT}/invocations`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ dataframe_records: records }),
  });
  expect(response.status, await response.clone().text()).toBe(200);
  await fetch(`${server.servingUrl}/api/v1/serving/flush`, { method: 'POST' });
  return records.map(({ example_id: id }) => id);
}

const many = (count: number) => Array.from({ length: count }, (_, row): [number, number] => [(row % 40) / 20 - 1, 1]);

/** What was logged of the probes, which are asked one by one, by the model version that answered in a role. */
async function probed(role: string): Promise<{ id: string; version: number; probability: number }[]> {
  const found = [];
  for (const probe of probes) {
    const [id = ''] = await ask([probe]);
    found.push(
      await vi.waitFor(async () => {
        const { answer } = await client.lineage.explain({
          params: { prediction: `${DEPLOYMENT}:${id}` },
          query: { role: role as 'champion' },
        });
        return { id, version: answer.modelVersion, probability: answer.probability ?? Number.NaN };
      }, SOON),
    );
  }
  return found;
}

/** Every one of the answers is that of the version's own weights, and a replay gives it again to the bit. */
async function holds(role: string, version: 1 | 2): Promise<void> {
  const answers = await probed(role);
  expect(answers.map((answer) => answer.version)).toEqual(probes.map(() => version));
  for (const [row, { probability }] of answers.entries()) expect(probability).toBeCloseTo(said[version][row] ?? 2, 5);
  for (const { id, probability } of answers) {
    const replay = JSON.parse(await done('replay', `${DEPLOYMENT}:${id}`, '--role', role, '--json')) as object;
    expect(replay).toMatchObject({ version, isBitEqual: true, alone: { probability } });
  }
}

const stateOf = async (rollout: string) => (await client.deployments.rollout({ params: { rollout } })).state;

test('weights beside the model are judged, rolled out and replayed', { timeout: 180_000 }, async () => {
  await register('january');
  await train(1);
  await train(2);
  const evaluation = await register('march');

  const first = await judge(1, evaluation);
  expect(first.status, JSON.stringify(first.checks)).toBe('pass');
  const body = { model: MODEL, version: 1, verdictId: first.id };
  const started = await client.deployments.start({ params: { deployment: DEPLOYMENT }, body });
  await vi.waitFor(async () => expect(await stateOf(started.id)).toBe('promoted'), SOON);
  await holds('champion', 1);

  const second = await judge(2, evaluation);
  expect(second.status, JSON.stringify(second.checks)).toBe('pass');
  const better = second.checks.find(({ check }) => check.startsWith('better_than'));
  expect(better).toMatchObject({ status: 'pass', n: 6_000 });
  // Of two that answer alike it would be nothing.
  expect(better?.value).toBeGreaterThan(0.01);

  const { id } = await client.deployments.start({
    params: { deployment: DEPLOYMENT },
    body: { model: MODEL, version: 2, verdictId: second.id },
  });
  const { champion, rollout } = await client.deployments.get({ params: { deployment: DEPLOYMENT } });
  expect(rollout?.state).toBe('shadow');
  const [, candidate] = (await client.deployments.revisions({ params: { deployment: DEPLOYMENT } })).items.toReversed();
  expect(candidate?.modelDigest).not.toBe(champion?.modelDigest);
  await vi.waitFor(
    async () => expect((await client.deployments.rollout({ params: { rollout: id } })).isLive).toBe(true),
    SOON,
  );
  await holds('shadow', 2);
  await ask(many(20));
  await vi.waitFor(async () => expect(await stateOf(id)).toBe('canary'), SOON);
  await vi.waitFor(async () => {
    await ask(many(200));
    expect(await stateOf(id)).toBe('promoted');
  }, SOON);
  await holds('champion', 2);
});
