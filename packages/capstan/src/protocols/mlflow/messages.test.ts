import { expect, test } from 'vitest';
import { startMlflow } from './testing.ts';

test('clients learn that the server is up, which release it speaks and what it does not offer', async () => {
  const server = await startMlflow();
  expect(await server.get('/health')).toMatchObject({ status: 200, text: 'OK' });
  expect((await server.get('/version')).text).toMatch(/^3\.17\.\d+$/);
  for (const prefix of ['api', 'ajax-api']) {
    expect((await server.get(`/${prefix}/3.0/mlflow/server-info`)).json).toMatchObject({
      multipart_uploads_enabled: true,
      workspaces_enabled: false,
    });
  }
});

test('both prefixes reach the same run', async () => {
  const server = await startMlflow();
  const created = await server.send('POST', '/ajax-api/2.0/mlflow/runs/create', { experiment_id: '0', runName: 'one' });
  const { run } = created.json as { run: { info: { run_id: string } } };
  const read = { run: { ...run, outputs: {} } };
  expect((await server.get(`/api/2.0/mlflow/runs/get?run_id=${run.info.run_id}`)).json).toEqual(read);
});

test('a message has what was set and leaves out what was not: no null, no empty list', async () => {
  const server = await startMlflow();
  const { run } = (await server.post('runs/create', {})).json as {
    run: { info: { run_id: string; run_name: string } };
  };
  const { run_id: id, run_name: name } = run.info;
  expect(run).toEqual({
    info: {
      run_id: id,
      run_uuid: id,
      run_name: name,
      experiment_id: '0',
      user_id: '',
      status: 'RUNNING',
      start_time: 0,
      artifact_uri: `mlflow-artifacts:/0/${id}/artifacts`,
      lifecycle_stage: 'active',
    },
    data: { tags: [{ key: 'mlflow.runName', value: name }] },
    inputs: {},
  });
  expect((await server.post('runs/search', {})).json).toEqual({});
  expect((await server.get(`/api/2.0/mlflow/metrics/get-history?run_id=${id}&metric_key=none`)).json).toEqual({});
});

test('numbers survive the way: NaN as text, infinity as the greatest double, 64-bit integers exactly', async () => {
  const server = await startMlflow();
  const runId = await server.startRun();
  const points = [
    `{"key": "a", "value": NaN, "timestamp": 1, "step": "9007199254740993"}`,
    `{"key": "b", "value": "Infinity", "timestamp": 1}`,
    `{"key": "c", "value": 2, "timestamp": "3", "step": -4}`,
  ];
  expect((await server.post('runs/log-batch', `{"run_id": "${runId}", "metrics": [${points.join()}]}`)).text).toBe(
    '{}',
  );
  const { text } = await server.get(`/api/2.0/mlflow/runs/get?run_uuid=${runId}`);
  expect(text).toContain('{"key":"a","value":"NaN","timestamp":1,"step":9007199254740993}');
  expect(text).toContain('{"key":"b","value":1.7976931348623157e+308,"timestamp":1,"step":0}');
  expect(text).toContain('{"key":"c","value":2,"timestamp":3,"step":-4}');
});

test('a history of several runs is asked for by repeated keys', async () => {
  const server = await startMlflow();
  const ids = [await server.startRun('a'), await server.startRun('b')].toSorted();
  for (const id of ids) await server.post('runs/log-metric', { run_id: id, key: 'm', value: 1, timestamp: 5, step: 2 });
  const query = new URLSearchParams([
    ...ids.map((id) => ['run_ids', id] as [string, string]),
    ['metric_key', 'm'],
  ]).toString();
  const { json } = await server.get(`/ajax-api/2.0/mlflow/metrics/get-history-bulk-interval?${query}`);
  const point = { key: 'm', value: 1, timestamp: 5, step: 2 };
  expect(json).toEqual({ metrics: ids.map((id) => ({ ...point, run_id: id })) });
  const half = await server.get(`/api/2.0/mlflow/metrics/get-history-bulk-interval?${query}&start_step=1`);
  expect(half).toMatchObject({ status: 400, json: { message: expect.stringContaining('both must be specified') } });
});

test('pages: sizes are checked, the token leads on and is left out on the last page', async () => {
  const server = await startMlflow();
  for (const name of ['a', 'b', 'c']) await server.startRun(name);
  const search = async (body: object) =>
    (await server.post('runs/search', { experiment_ids: ['0'], ...body })).json as {
      runs: { info: { run_name: string } }[];
      next_page_token?: string;
    };
  const byName = { order_by: ['attributes.run_name'], max_results: 2 };
  const first = await search(byName);
  const second = await search({ ...byName, page_token: first.next_page_token });
  expect([first, second].map(({ runs }) => runs.map((run) => run.info.run_name))).toEqual([['a', 'b'], ['c']]);
  expect(second).not.toHaveProperty('next_page_token');
  expect((await server.post('runs/search', { experiment_ids: ['0'], max_results: 0 })).status).toBe(400);
  expect((await server.post('experiments/search', {})).status).toBe(400);
});

test('a logged model is pending, then ready; its id must be in the body too', async () => {
  const server = await startMlflow();
  const params = [{ key: 'C', value: '1' }];
  const created = await server.post('logged-models', { experiment_id: '0', name: 'm', params });
  const { model } = created.json as { model: { info: { model_id: string } } };
  const id = model.info.model_id;
  expect(model).toMatchObject({
    info: { status: 'LOGGED_MODEL_PENDING', artifact_uri: `mlflow-artifacts:/0/models/${id}/artifacts` },
    data: { params },
  });
  const path = `/api/2.0/mlflow/logged-models/${id}`;
  expect((await server.send('PATCH', path, { status: 'LOGGED_MODEL_READY' })).status).toBe(400);
  const ready = await server.send('PATCH', path, { model_id: id, status: 'LOGGED_MODEL_READY' });
  expect(ready.json).toMatchObject({ model: { info: { status: 'LOGGED_MODEL_READY' } } });
  await server.send('PATCH', `${path}/tags`, { tags: [{ key: 'a/b', value: '1' }] });
  expect((await server.send('DELETE', `${path}/tags/a%2Fb`, {})).status).toBe(200);
  expect((await server.send('DELETE', `${path}/tags/a%2Fb`, {})).status).toBe(404);
  expect((await server.send('DELETE', path, {})).text).toBe('{}');
  expect((await server.get(path)).status).toBe(404);
});

test('models of old clients gather in a tag, and text that describes none is refused', async () => {
  const server = await startMlflow();
  const runId = await server.startRun();
  const log = (model: object | string) =>
    server.post('runs/log-model', {
      run_id: runId,
      model_json: typeof model === 'string' ? model : JSON.stringify(model),
    });
  const model = { run_id: runId, artifact_path: 'model', utc_time_created: '2026-01-01', flavors: {} };
  for (const path of ['one', 'two']) expect((await log({ ...model, artifact_path: path })).text).toBe('{}');
  const { tags } = await server.experiments.getRun(runId);
  const history = tags.find((tag) => tag.key === 'mlflow.log-model.history')?.value ?? '';
  expect(JSON.parse(history)).toMatchObject([{ artifact_path: 'one' }, { artifact_path: 'two' }]);
  for (const [given, words] of [
    ['{', 'not JSON'],
    ['null', 'run_id, artifact_path, utc_time_created, flavors'],
    [{ ...model, flavors: undefined }, 'missing mandatory fields: flavors'],
  ] as const) {
    expect(await log(given)).toMatchObject({ status: 400, json: { message: expect.stringContaining(words) } });
  }
});

test('model versions are texts, numbers are never used again, aliases move', async () => {
  const server = await startMlflow();
  const runId = await server.startRun();
  await server.post('registered-models/create', { name: 'm' });
  const source = { name: 'm', run_id: runId, source: `mlflow-artifacts:/0/${runId}/artifacts/model` };
  const create = async () => (await server.post('model-versions/create', source)).json;
  expect(await create()).toMatchObject({
    model_version: { version: '1', status: 'READY', current_stage: 'None', run_id: runId },
  });
  expect(await create()).toMatchObject({ model_version: { version: '2' } });
  await server.send('DELETE', '/api/2.0/mlflow/model-versions/delete', { name: 'm', version: '2' });
  expect(await create()).toMatchObject({ model_version: { version: '3' } });
  for (const version of ['1', '3']) {
    expect((await server.post('registered-models/alias', { name: 'm', alias: 'champion', version })).text).toBe('{}');
  }
  expect((await server.get('/api/2.0/mlflow/registered-models/get?name=m')).json).toMatchObject({
    registered_model: { aliases: [{ alias: 'champion', version: '3' }], latest_versions: [{ version: '3' }] },
  });
  expect((await server.get('/api/2.0/mlflow/model-versions/get?name=m&version=two')).status).toBe(400);
});
