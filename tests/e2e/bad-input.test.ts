// Whatever is wrong with what a user gives: an error that names the place and the way out, and nothing that changed.
import { spawnSync } from 'node:child_process';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createClient, ApiError, type Client } from '@capstan/client';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { capstan, startServer, type RunningServer } from '../support/server.ts';
import {
  FLIGHT,
  GOOD_STAGE,
  MODEL,
  modelWithWrongInput,
  PROJECT,
  registerModel,
  smallFlights,
  smallModel,
  stateOf,
  writeMonth,
} from '../support/small-flights.ts';

const folder = smallFlights();
const file = join(folder, 'capstan.yaml');
let server: RunningServer;
let client: Client;
let plane: string;
let before: unknown;

beforeAll(async () => {
  server = await startServer(['--check-replies']);
  client = createClient({ baseUrl: server.url });
  await done('apply', '--file', file);
  for (const dataset of ['airlines', 'flights']) await done('datasets', 'register', PROJECT, dataset);
  await registerModel(server.url, smallModel());
  await done('deploy', MODEL, '--no-guards', '--wait');
  const { replicas } = await client.deployments.get({ params: { deployment: MODEL } });
  plane = replicas[0]?.url ?? '';
  expect((await ask({ dataframe_records: [FLIGHT] })).status).toBe(200);
  await shipped();
});
afterAll(async () => {
  await server?.stop();
  rmSync(join(folder, '..'), { recursive: true, force: true });
});

beforeEach(async () => {
  before = await stateOf(client);
});
afterEach(async () => {
  expect(await stateOf(client)).toEqual(before);
  await done('audit', 'verify');
});

async function done(...args: string[]): Promise<void> {
  const { code, err, out } = await capstan(args, server.url);
  expect(code, `${args.join(' ')}: ${err}${out}`).toBe(0);
}

async function problemOf(call: Promise<unknown>) {
  const refusal = await call.then(
    () => undefined,
    (error: unknown) => error,
  );
  if (!(refusal instanceof ApiError)) throw new Error('it was not refused', { cause: refusal });
  return refusal.problem;
}

describe('capstan.yaml', () => {
  test.each([
    [
      'YAML that does not end',
      'pipeline: dvc.yaml',
      'pipeline: [dvc.yaml',
      /capstan\.yaml:\d+:1: .*must .*end with a \]/,
    ],
    ['a tab', 'charter:', 'charter:\n\tx: 1', /capstan\.yaml:3:1: Tabs are not allowed as indentation/],
    ['an unknown key', 'pipeline:', 'pipline:', /capstan\.yaml:\d+:1: pipline: unknown key; did you mean 'pipeline'\?/],
    [
      'an unknown key deep inside',
      'amount: 5000',
      'ammount: 5000',
      /capstan\.yaml:\d+:\d+: charter\.loss_budget\.ammount: unknown key; did you mean 'amount'\?/,
    ],
    ['a value of no known form', 'window: 24h', 'window: 24 hours', /loss_budget\.window: write .* e\.g\. 24h or 7d/],
  ])('%s', async (_, right, wrong, message) => {
    const mistaken = join(folder, 'mistaken.yaml');
    writeFileSync(mistaken, readFileSync(file, 'utf8').replace(right, wrong));
    const { code, err } = await capstan(['apply', '--file', mistaken], server.url);
    expect(code).toBe(2);
    expect(err).toMatch(message);
    expect((await capstan(['apply', '--file', file], server.url)).out).toContain('nothing to change (revision 1)');
  });
});

describe('a month of data', () => {
  const NEXT = `time_hour + interval 31 day as time_hour`;
  const month = join(folder, 'data/flights/2013-02.parquet');
  afterEach(() => rmSync(month));

  test.each([
    [
      'without a column',
      `* exclude (distance) replace (${NEXT})`,
      /same_columns +distance +error +in every file +not in 2013-02\.parquet: 27004 of 54008/,
    ],
    [
      'with missing values',
      `* replace (${NEXT}, case when origin <> 'LGA' then carrier end as carrier)`,
      /missing_max +carrier +error +missing: none +\d+ of 54008 rows/,
    ],
    [
      'in kilometres',
      `* replace (${NEXT}, cast(distance * 1.609 as integer) as distance)`,
      /mean +distance +error +between 900 and 1200 +mean 13\d\d/,
    ],
  ])('%s goes into quarantine, code 10', async (_, columns, message) => {
    await writeMonth(month, columns);
    const { code, out } = await capstan(['datasets', 'register', PROJECT, 'flights'], server.url);
    expect(code).toBe(10);
    expect(out).toMatch(/flights version \d+ \(dv_\w+\): quarantined, 54008 rows in 2 files/);
    expect(out).toMatch(message);
  });

  test('whose Parquet file is cut in half is refused by name, code 2', async () => {
    const whole = readFileSync(join(folder, 'data/flights/2013-01.parquet'));
    writeFileSync(month, whole.subarray(0, whole.length / 2));
    const { code, err } = await capstan(['datasets', 'register', PROJECT, 'flights'], server.url);
    expect(code).toBe(2);
    expect(err).toContain('flights/2013-02.parquet cannot be read');
    expect(err).toContain('copy it again');
    const problem = await problemOf(
      client.datasets.register({ params: { project: PROJECT, dataset: 'flights' }, body: { replace: false } }),
    );
    expect(problem).toMatchObject({ status: 400, field: 'flights/2013-02.parquet', hint: expect.any(String) });
  });
});

describe('a stage', () => {
  afterEach(() => writeFileSync(join(folder, 'stage.py'), GOOD_STAGE));

  async function ran(stage: string, timeoutMs = 60_000) {
    writeFileSync(join(folder, 'stage.py'), stage);
    const body = { stageTimeoutMs: timeoutMs };
    const { id } = await client.pipelines.start({ params: { project: PROJECT }, body });
    for (;;) {
      const run = await client.pipelines.get({ params: { run: id } });
      if (run.endedAt !== null) return run;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
  const pidIn = (text: string) => Number(/left behind (\d+)/.exec(text)?.[1] ?? expect.fail(text));
  /** One that has ended and that nobody has waited for is listed, but runs no more. */
  const isRunning = (pid: number) =>
    spawnSync('ps', ['-o', 'stat=', '-p', `${pid}`], { encoding: 'utf8' })
      .stdout.trim()
      .replace(/^Z.*/, '') !== '';
  const LEAVE_BEHIND = `import subprocess
child = subprocess.Popen(["sleep", "600"], start_new_session=True)
print("left behind", child.pid, flush=True)
`;

  test('that fails is told with its exit code and its last words', async () => {
    const run = await ran('import sys\nsys.exit("stage.py: there is no column distance")\n');
    expect(run).toMatchObject({ status: 'failed', stages: [{ name: 'count', attempts: [{ exitCode: 1 }] }] });
    expect(run.reason).toContain("The stage 'count' failed: it ended with exit code 1");
    expect(run.reason).toContain('there is no column distance');
  });

  test('that hangs is ended with all it started, and told with the limit and how to raise it', async () => {
    const run = await ran(`${LEAVE_BEHIND}import time\ntime.sleep(600)\n`, 1_500);
    expect(run).toMatchObject({ status: 'failed', stages: [{ attempts: [{ status: 'timed-out' }] }] });
    expect(run.reason).toMatch(/it was still running after 2 s and was ended.*stageTimeoutMs/s);
    expect(isRunning(pidIn(run.reason ?? ''))).toBe(false);
  });

  test('that forks leaves nothing running', async () => {
    const run = await ran(LEAVE_BEHIND + GOOD_STAGE);
    expect(run).toMatchObject({ status: 'succeeded' });
    const attempt = run.stages[0]?.attempts[0]?.id ?? '';
    const { text } = await client.pipelines.attemptLog({ params: { attempt }, query: {} });
    expect(isRunning(pidIn(text))).toBe(false);
  });
});

describe('a model whose input has a wrong name', () => {
  let version: number;
  beforeAll(async () => {
    version = await registerModel(server.url, modelWithWrongInput());
  });

  test('fails its gates, which name the input', async () => {
    const { items } = await client.datasets.list({ params: { project: PROJECT } });
    const evaluation = items.find(({ name }) => name === 'flights')?.accepted?.id ?? '';
    const params = { model: MODEL, version };
    const verdict = await client.gates.evaluate({ params, body: { project: PROJECT, evaluation } });
    expect(verdict.status).toBe('fail');
    expect(verdict.checks.find(({ check }) => check === 'latency')).toMatchObject({
      status: 'fail',
      reason: expect.stringMatching(/no column 'distanse', which the model takes.*'distance'/),
    });
    const { code, err } = await capstan(['deploy', MODEL, '--verdict', verdict.id], server.url);
    expect(code, err).toBe(5);
  });

  test('is not rolled out without guards either: its callers would be refused', async () => {
    const { code, err } = await capstan(['deploy', MODEL, '--no-guards', '--wait'], server.url);
    expect(code).toBe(2);
    expect(err).toMatch(/late-arrival\/2 takes the input 'distanse'/);
    expect(err).toMatch(/Did you mean 'distance'\?/);
    const body = { version, guards: false };
    const problem = await problemOf(client.deployments.start({ params: { deployment: MODEL }, body }));
    expect(problem).toMatchObject({ status: 400, field: 'version' });
    expect((await ask({ dataframe_records: [FLIGHT] })).status).toBe(200);
    await shipped();
  });
});

async function ask(body: object | string, path = `/models/${MODEL}/invocations`) {
  const response = await fetch(`${plane}${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });
  return { status: response.status, text: await response.text() };
}

async function shipped(): Promise<void> {
  expect((await fetch(`${plane}/api/v1/serving/flush`, { method: 'POST' })).status).toBe(200);
}

describe('a request', () => {
  const { distance: _, ...incomplete } = FLIGHT;
  const tensor = (name: string, datatype: string, shape: number[], data: unknown[]) => ({
    name,
    datatype,
    shape,
    data,
  });
  const OIP = `/v2/models/${MODEL}/infer`;

  test.each([
    ['that is no JSON', '{', undefined, /Failed to parse input from JSON/],
    ['of no known form', { rows: [FLIGHT] }, undefined, /exactly one of dataframe_split, dataframe_records/],
    ['without names', { inputs: [1, 2] }, undefined, /Send dataframe_split with columns; the model takes carrier/],
    [
      'without an input',
      { dataframe_records: [incomplete] },
      undefined,
      /missing inputs: \['distance'\].*takes carrier, origin, distance, hour/,
    ],
    [
      'with two values for one',
      { dataframe_records: [{ ...FLIGHT, distance: [1, 2] }] },
      undefined,
      /'distance' has the shape \[1, 2\]; the model takes \[-1, 1\]/,
    ],
    [
      'with a word for a number',
      { dataframe_records: [{ ...FLIGHT, distance: 'far' }] },
      undefined,
      /'distance' has "far" where a number is needed/,
    ],
    [
      'in tensors of a wrong shape',
      { inputs: [tensor('distance', 'FP32', [1, 3], [1, 2])] },
      OIP,
      /'distance' has 2 values; its shape \[1, 3\] holds 3/,
    ],
    [
      'in tensors without one',
      { inputs: [tensor('carrier', 'BYTES', [1, 1], ['UA'])] },
      OIP,
      /'origin' is missing.*BYTES of shape \[-1, 1\]/,
    ],
    [
      'for a model that is not served',
      { inputs: [] },
      '/v2/models/late-arrivals/infer',
      /This replica serves: late-arrival/,
    ],
  ])('%s is refused in the words of its protocol', async (_name, body, path, message) => {
    const { status, text } = await ask(body, path);
    expect(status).toBe(path?.includes('arrivals') === true ? 404 : 400);
    const { error, error_code: code, message: told } = JSON.parse(text) as Record<string, string>;
    expect(error ?? told).toMatch(message);
    if (path === undefined) expect(code).toBe('BAD_REQUEST');
    await shipped();
  });
});

describe('an outcome', () => {
  const params = { deployment: MODEL };
  const record = (...outcomes: { id: string; label: 0 | 1 }[]) =>
    client.predictions.recordOutcomes({ params, body: { outcomes } });
  const counts = async () => {
    const { rows, pendingOutcomes } = await client.predictions.performance({ params, query: {} });
    const sum = (key: 'predictions' | 'labelled') => rows.reduce((total, row) => total + row[key], 0);
    return { predictions: sum('predictions'), labelled: sum('labelled'), pending: pendingOutcomes };
  };
  const count = { predictions: 0, labelled: 0, pending: 0 };
  // The good outcomes among them do change something: what that is, each test says itself.
  beforeEach(async () => {
    Object.assign(count, await counts());
  });
  afterEach(async () => {
    before = await stateOf(client);
  });
  const changed = (change: Partial<typeof count>) => expect(counts()).resolves.toEqual({ ...count, ...change });

  test('with a label that is none is refused by its place', async () => {
    const outcomes = [{ id: 'x', label: 3 as 1 }];
    const problem = await problemOf(client.predictions.recordOutcomes({ params, body: { outcomes } }));
    expect(problem).toMatchObject({ status: 400, field: 'body.outcomes[0].label' });
    expect(problem.detail).toMatch(/0, 1, true or false/);
    await changed({});
  });

  test('that contradicts itself in one call is refused whole', async () => {
    const id = FLIGHT.example_id;
    const problem = await problemOf(record({ id: 'other', label: 1 }, { id, label: 1 }, { id, label: 0 }));
    expect(problem).toMatchObject({ status: 400, field: 'body.outcomes[2].id' });
    await changed({});
  });

  test('for a deployment that is not there is refused, with where to look', async () => {
    const body = { outcomes: [{ id: 'x', label: 1 as const }] };
    const problem = await problemOf(client.predictions.recordOutcomes({ params: { deployment: 'late' }, body }));
    expect(problem).toMatchObject({ status: 404, hint: expect.stringContaining('capstan deployments list') });
    await changed({});
  });

  test('for an unknown id is kept apart and counts nowhere else', async () => {
    expect(await record({ id: `${MODEL}:nobody`, label: 1 })).toMatchObject({ joined: 0, pending: 1 });
    await changed({ pending: count.pending + 1 });
  });

  test('given twice counts once', async () => {
    const outcome = { id: `${MODEL}:${FLIGHT.example_id}`, label: 1 as const };
    expect(await record(outcome)).toMatchObject({ joined: 1, repeated: 0 });
    await changed({ labelled: count.labelled + 1 });
    expect(await record(outcome)).toMatchObject({ joined: 0, repeated: 1, corrected: 0 });
    await changed({ labelled: count.labelled + 1 });
  });

  test('that comes before its prediction is joined when that comes', async () => {
    const early = 'UA-2-EWR-20130201T10';
    expect(await record({ id: early, label: 0 })).toMatchObject({ joined: 0, pending: 1 });
    await changed({ pending: count.pending + 1 });
    expect((await ask({ dataframe_records: [{ ...FLIGHT, example_id: early }] })).status).toBe(200);
    await shipped();
    await changed({ predictions: count.predictions + 1, labelled: count.labelled + 1 });
  });
});
