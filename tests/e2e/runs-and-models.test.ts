// `capstan runs` and `capstan models`: what they print for scripts and for people.
import { ApiError, createClient } from '@capstan/client';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { capstan, startServer, type RunningServer } from '../support/server.ts';

let server: RunningServer;
const runIds: string[] = [];

async function post(path: string, body: object): Promise<Record<string, unknown>> {
  const response = await fetch(`${server.url}/api/2.0/mlflow/${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  expect(response.status, path).toBe(200);
  return (await response.json()) as Record<string, unknown>;
}

/** A finished run with a metric, a param and a file. */
async function logRun(experimentId: string, name: string, loss: number): Promise<string> {
  const start = { experiment_id: experimentId, run_name: name, start_time: 1_700_000_000_000, user_id: 'ada' };
  const { run } = (await post('runs/create', start)) as { run: { info: { run_id: string } } };
  const id = run.info.run_id;
  const metrics = [0.9, loss].map((value, step) => ({ key: 'loss', value, timestamp: 1, step }));
  // A terminal would obey what is in this value.
  const params = [
    { key: 'kind', value: 'trees' },
    { key: 'note', value: 'two\nlines\u001b[31m' },
  ];
  await post('runs/log-batch', { run_id: id, metrics, params });
  const dataset = { name: 'flights', digest: 'abc', source_type: 'local', source: 'data/flights' };
  const tags = [{ key: 'mlflow.data.context', value: 'training' }];
  await post('runs/log-inputs', { run_id: id, datasets: [{ dataset, tags }] });
  await fetch(`${server.url}/api/2.0/mlflow-artifacts/artifacts/${experimentId}/${id}/artifacts/note.txt`, {
    method: 'PUT',
    body: 'twelve bytes',
  });
  await post('runs/update', { run_id: id, status: 'FINISHED', end_time: 1_700_000_090_000 });
  return id;
}

beforeAll(async () => {
  server = await startServer();
  const { experiment_id: flights } = (await post('experiments/create', { name: "ada's flights" })) as {
    experiment_id: string;
  };
  runIds.push(await logRun(flights, 'first', 0.4), await logRun(flights, 'second', 0.3));
  runIds.push(await logRun('0', 'elsewhere', 0.5));
  await post('registered-models/create', { name: 'late-arrival', description: 'who will be late' });
  for (const run of runIds.slice(0, 2)) {
    await post('model-versions/create', { name: 'late-arrival', source: `runs:/${run}/model`, run_id: run });
  }
  for (const version of ['1', '2'])
    await post('registered-models/alias', { name: 'late-arrival', alias: 'champion', version });
});

afterAll(() => server.stop());

/** Cells of each line, told apart by two spaces. */
const cells = (out: string) =>
  out
    .trim()
    .split('\n')
    .map((line) => line.split(/ {2,}/));

test('runs list: one line each, with the metrics and params asked for', async () => {
  const experiment = ['--experiment', "ada's flights"];
  const columns = ['--columns', 'metrics.loss', 'params.kind'];
  const list = ['runs', 'list', ...experiment, ...columns, '--order-by', 'metrics.loss'];
  const { code, out } = await capstan(list, server.url);
  expect(code).toBe(0);
  expect(cells(out)).toEqual([
    ['ID', 'NAME', 'EXPERIMENT', 'STATUS', 'STARTED', 'TOOK', 'metrics.loss', 'params.kind'],
    [runIds[1], 'second', "ada's flights", 'FINISHED', '2023-11-14 22:13:20Z', '1.5 min', '0.3', 'trees'],
    [runIds[0], 'first', "ada's flights", 'FINISHED', '2023-11-14 22:13:20Z', '1.5 min', '0.4', 'trees'],
  ]);
});

test('runs list: all experiments, filters, limits and JSON', async () => {
  const list = async (...flags: string[]) => await capstan(['runs', 'list', '--json', ...flags], server.url);
  const named = async (...flags: string[]) => {
    const { schema, runs } = JSON.parse((await list(...flags)).out) as { schema: string; runs: { id: string }[] };
    expect(schema).toBe('capstan/runs.v1');
    return runs.map(({ id }) => id);
  };
  expect((await named()).toSorted()).toEqual([...runIds].toSorted());
  expect(await named('--filter', 'metrics.loss >= 0.5')).toEqual([runIds[2]]);
  expect(await named('--experiment', '0')).toEqual([runIds[2]]);
  expect(await named('--deleted')).toEqual([]);
  const cut = await list('--limit', '2');
  expect(JSON.parse(cut.out)).toMatchObject({ runs: [{}, {}] });
  expect(cut.err).toContain('There are more');
});

test('runs show: everything that was logged, for people and for scripts', async () => {
  const { code, out } = await capstan(['runs', 'show', runIds[0] ?? ''], server.url);
  expect(code).toBe(0);
  const lines = cells(out);
  for (const line of [
    ['run', runIds[0]],
    ['by', 'ada'],
    ['ended', '2023-11-14 22:14:50Z, after 1.5 min'],
    ['loss', '0.4', '1', '0.4', '0.9'],
    ['kind', 'trees'],
    ['note', 'two lines [31m'],
    ['mlflow.runName', 'first'],
    ['flights', 'abc', 'training', 'data/flights'],
    ['note.txt', '12'],
  ]) {
    expect(lines).toContainEqual(line);
  }
  const json = await capstan(['runs', 'show', runIds[0] ?? '', '--json'], server.url);
  expect(JSON.parse(json.out)).toMatchObject({ schema: 'capstan/run.v1', id: runIds[0], params: { kind: 'trees' } });
});

test('models list and show: newest version, aliases and their moves', async () => {
  const list = await capstan(['models', 'list'], server.url);
  const [header, line] = cells(list.out);
  expect(header).toEqual(['NAME', 'PROJECT', 'NEWEST', 'ALIASES', 'CHANGED', 'DESCRIPTION']);
  expect(line).toEqual(['late-arrival', '2', 'champion: 2', expect.any(String), 'who will be late']);

  const shown = cells((await capstan(['models', 'show', 'late-arrival'], server.url)).out);
  expect(shown).toContainEqual([expect.stringContaining('Z'), 'champion', '1', '2', 'local', '-']);
  expect(shown.find(([, version, alias]) => version === '2' && alias === 'champion')).toBeDefined();

  const json = await capstan(['models', 'show', 'late-arrival', '--limit', '1', '--json'], server.url);
  expect(JSON.parse(json.out)).toMatchObject({
    schema: 'capstan/model.v1',
    name: 'late-arrival',
    aliases: [{ alias: 'champion', version: 2 }],
    versions: [{ version: 2, runId: runIds[1] }],
    aliasMoves: [
      { alias: 'champion', from: 1, to: 2 },
      { alias: 'champion', from: null, to: 1 },
    ],
  });
  expect(json.err).toContain('There are more');
});

test('counts come without rows, and names and values complete from what is typed', async () => {
  const { experiments, registry } = createClient({ baseUrl: server.url });
  const found = (await experiments.list({ query: { filter: "name LIKE 'ada%' OR experiment_id = '99'" } })).items;
  expect(found.map(({ name }) => name)).toEqual(["ada's flights"]);
  expect(await experiments.count({ query: { filter: "NOT name = 'Default'" } })).toEqual({ count: 1 });
  expect(await registry.countModels({ query: {} })).toEqual({ count: 1 });
  expect(await registry.countVersions({ query: { filter: 'version_number BETWEEN 2 AND 9' } })).toEqual({ count: 1 });
  const params = { experiment: found[0]?.id ?? '' };
  expect(await experiments.keys({ params, query: { prefix: 'k' } })).toEqual({
    metrics: [],
    params: ['kind'],
    tags: [],
    isWhole: true,
  });
  expect(await experiments.values({ params, query: { of: 'params', key: 'kind', prefix: 't' } })).toEqual({
    values: ['trees'],
    isWhole: true,
  });
  const filter = "metrics.loss > 0 ADN params.kind = 'x'";
  const refused = await experiments
    .countRuns({ body: { experimentIds: ['0'], filter } })
    .catch((error: unknown) => error);
  expect(refused).toBeInstanceOf(ApiError);
  expect((refused as ApiError).problem).toMatchObject({
    field: 'filter',
    details: { position: 17, length: 3, suggestion: 'AND' },
  });
});

test.each([
  ['an unknown run', ['runs', 'show', '0'.repeat(32)], 3, 'not found'],
  ['an unknown experiment', ['runs', 'list', '--experiment', "ada's flight"], 3, "Did you mean 'ada's flights'?"],
  ['a filter that is none', ['runs', 'list', '--filter', 'metrics.loss <'], 2, 'filter'],
  [
    'a filter with a slip',
    ['runs', 'search', '--filter', "params.kind = 'trees' ADN metrics.loss < 1"],
    2,
    `Did you mean AND?\n  params.kind = 'trees' ADN metrics.loss < 1\n${' '.repeat(24)}^^^\n`,
  ],
  ['an order with a slip', ['runs', 'list', '--order-by', 'metric.loss DSEC'], 2, `\n${' '.repeat(14)}^^^^\n`],
  ['a column that is none', ['runs', 'list', '--columns', 'loss'], 2, 'metrics.loss'],
  ['a limit that is none', ['runs', 'list', '--limit', 'many'], 2, 'from 1 to 1000'],
  ['an unknown model', ['models', 'show', 'nowhere'], 3, 'nowhere'],
])('%s ends with its code and the reason', async (_, args, code, words) => {
  const result = await capstan(args, server.url);
  expect(result.err).toContain(words);
  expect(result).toMatchObject({ code, out: '' });
});
