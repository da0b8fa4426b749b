import { describe, expect, test } from 'vitest';
import { startMlflow, type MlflowServer } from '../testing.ts';

const refused = (words: string) => ({
  status: 400,
  json: { error_code: 'INVALID_PARAMETER_VALUE', message: expect.stringContaining(words) },
});
const unknown = (words: string) => ({
  status: 404,
  json: { error_code: 'RESOURCE_DOES_NOT_EXIST', message: expect.stringContaining(words) },
});
const done = { status: 200, text: '{}' };

async function read(server: MlflowServer, runId: string) {
  const { json } = await server.get(`/api/2.0/mlflow/runs/get?run_id=${runId}`);
  return (json as { run: { info: Record<string, unknown>; data: Record<string, unknown> } }).run;
}

async function newModel(server: MlflowServer, body: object = {}): Promise<string> {
  const { json } = await server.post('logged-models', { experiment_id: '0', ...body });
  return (json as { model: { info: { model_id: string } } }).model.info.model_id;
}

describe('what MLflow takes by mistake is refused, and nothing of the message is kept', () => {
  test.each([
    ['step', '1.5'],
    ['step', '9223372036854775808'],
    ['step', '-9223372036854775809'],
    ['step', 'true'],
    ['timestamp', '1e30'],
    ['timestamp', '"soon"'],
    ['value', '"0x1"'],
    ['value', 'true'],
  ])('a metric whose %s is %s', async (field, value) => {
    const server = await startMlflow();
    const runId = await server.startRun();
    const good = '{"key": "good", "value": 1, "timestamp": 1}';
    const point = { key: '"bad"', value: '1', timestamp: '1', step: '0', [field]: value };
    const fields = Object.entries(point).map(([name, text]) => `"${name}": ${text}`);
    const bad = `{${fields.join()}}`;
    const body = `{"run_id": "${runId}", "metrics": [${good}, ${bad}]}`;
    expect(await server.post('runs/log-batch', body)).toMatchObject(refused(`metrics[1].${field}`));
    expect((await read(server, runId)).data).not.toHaveProperty('metrics');
  });

  test('a status that is none', async () => {
    const server = await startMlflow();
    const runId = await server.startRun();
    for (const status of ['OWNED', 'finished', 9]) {
      const answer = await server.post('runs/update', { run_id: runId, status, end_time: 5 });
      expect(answer).toMatchObject(refused('it must be one of RUNNING, SCHEDULED, FINISHED, FAILED, KILLED'));
    }
    expect((await read(server, runId)).info).toMatchObject({ status: 'RUNNING' });
    expect((await read(server, runId)).info).not.toHaveProperty('end_time');
  });

  test('a metric of a logged model that never was', async () => {
    const server = await startMlflow();
    const runId = await server.startRun();
    const metrics = [{ key: 'loss', value: 1, timestamp: 1, model_id: 'm-none' }];
    expect(await server.post('runs/log-batch', { run_id: runId, metrics })).toMatchObject(unknown('m-none'));
    expect((await read(server, runId)).data).not.toHaveProperty('metrics');
  });
});

test('64-bit integers come back as they were sent, to the last digit', async () => {
  const server = await startMlflow();
  const runId = await server.startRun();
  const extremes = ['9223372036854775807', '-9223372036854775808', '9007199254740993'];
  const metrics = extremes.map(
    (step, n) => `{"key": "m${n}", "value": 1, "timestamp": 9223372036854775807, "step": ${step}}`,
  );
  expect(await server.post('runs/log-batch', `{"run_id": "${runId}", "metrics": [${metrics.join()}]}`)).toMatchObject(
    done,
  );
  for (const [n, step] of extremes.entries()) {
    const { text } = await server.get(`/api/2.0/mlflow/metrics/get-history?run_id=${runId}&metric_key=m${n}`);
    expect(text).toContain(`"timestamp":9223372036854775807,"step":${step}`);
  }
});

describe('sent again, after an answer that was lost, a call has no second effect', () => {
  test('a batch, NaN included', async () => {
    const server = await startMlflow();
    const runId = await server.startRun();
    const metrics = ['NaN', 'Infinity', 0.5].map((value) => ({ key: 'loss', value, timestamp: 1, step: 1 }));
    const body = { run_id: runId, metrics, params: [{ key: 'p', value: '1' }], tags: [{ key: 't', value: '1' }] };
    for (let time = 0; time < 3; time += 1) expect(await server.post('runs/log-batch', body)).toMatchObject(done);
    const { json } = await server.get(`/api/2.0/mlflow/metrics/get-history?run_id=${runId}&metric_key=loss`);
    expect((json as { metrics: unknown[] }).metrics).toHaveLength(3);
  });

  test('metrics, params and outputs of a logged model', async () => {
    const server = await startMlflow();
    const runId = await server.startRun();
    const modelId = await newModel(server);
    const metric = { run_id: runId, model_id: modelId, key: 'loss', value: 'NaN', timestamp: 1, step: 1 };
    const params = { model_id: modelId, params: [{ key: 'depth', value: '3' }] };
    const outputs = { run_id: runId, models: [{ model_id: modelId, step: 2 }] };
    for (let time = 0; time < 2; time += 1) {
      expect(await server.post('runs/log-metric', metric)).toMatchObject(done);
      expect(await server.post(`logged-models/${modelId}/params`, params)).toMatchObject(done);
      expect(await server.post('runs/outputs', outputs)).toMatchObject(done);
    }
    const { json } = await server.get(`/api/2.0/mlflow/logged-models/${modelId}`);
    expect(json).toMatchObject({
      model: { data: { params: params.params, metrics: [{ key: 'loss', value: 'NaN' }] } },
    });
    const changed = { model_id: modelId, params: [{ key: 'depth', value: '4' }] };
    expect(await server.post(`logged-models/${modelId}/params`, changed)).toMatchObject(refused("for model ID='"));
  });
});

describe('details of answers', () => {
  test('an empty place is the default one', async () => {
    const server = await startMlflow();
    const { json } = await server.post('experiments/create', { name: 'one', artifact_location: '' });
    const { experiment_id: id } = json as { experiment_id: string };
    const { json: got } = await server.get(`/api/2.0/mlflow/experiments/get?experiment_id=${id}`);
    expect(got).toMatchObject({ experiment: { artifact_location: `mlflow-artifacts:/${id}`, workspace: 'default' } });
  });

  test('a run keeps its name where an empty one is set', async () => {
    const server = await startMlflow();
    const runId = await server.startRun('named');
    expect(await server.post('runs/set-tag', { run_id: runId, key: 'mlflow.runName', value: '' })).toMatchObject(done);
    const run = await read(server, runId);
    expect(run).toMatchObject({ info: { run_name: 'named' }, data: { tags: [{ value: 'named' }] } });
  });

  test('ids that cannot be', async () => {
    const server = await startMlflow();
    const experiment = await server.get('/api/2.0/mlflow/experiments/get?experiment_id=x');
    expect(experiment).toMatchObject(refused('Experiment ID must be a valid integer'));
    expect(await server.get('/api/2.0/mlflow/runs/get?run_id=..%2Fx')).toMatchObject(
      unknown('Run with id=../x not found'),
    );
  });

  test('datasets of no experiment are refused, of one without any are an empty message', async () => {
    const server = await startMlflow();
    const ask = (ids: string[]) =>
      server.send('POST', '/ajax-api/2.0/mlflow/experiments/search-datasets', { experiment_ids: ids });
    expect(await ask([])).toMatchObject(refused('SearchDatasets request must specify at least one experiment_id.'));
    expect(await ask(Array.from({ length: 1_000 }, String))).toMatchObject(
      refused('SearchDatasets request cannot specify more than'),
    );
    expect(await ask(['0'])).toMatchObject(done);
  });

  test('histories of several runs say what is wrong in the words that clients of MLflow know', async () => {
    const server = await startMlflow();
    const ask = (path: string, params: Record<string, string | string[]>) => {
      const pairs = Object.entries(params).flatMap(([name, value]) =>
        [value].flat().map((one): [string, string] => [name, one]),
      );
      return server.get(`/ajax-api/2.0/mlflow/metrics/${path}?${new URLSearchParams(pairs).toString()}`);
    };
    const many = Array.from({ length: 101 }, (_, index) => `run-${index}`);
    const bulk = 'get-history-bulk';
    const one = { run_ids: 'x', metric_key: 'm' };
    for (const [path, params, words] of [
      [bulk, { metric_key: 'm' }, 'GetMetricHistoryBulk request must specify at least one run_id.'],
      [bulk, { metric_key: 'm', run_id: many }, 'GetMetricHistoryBulk request cannot specify more than 100 run_ids.'],
      [bulk, { run_id: 'x' }, 'GetMetricHistoryBulk request must specify a metric_key.'],
      [`${bulk}-interval`, { metric_key: 'm' }, "Missing value for required parameter 'run_ids'."],
      [
        `${bulk}-interval`,
        { metric_key: 'm', run_ids: many },
        'GetMetricHistoryBulkInterval request must specify at most 100 run_ids. Received 101 run_ids.',
      ],
      [`${bulk}-interval`, { ...one, max_results: '0' }, 'max_results must be between 1 and 2500.'],
      [`${bulk}-interval`, { ...one, max_results: '2501' }, 'max_results must be between 1 and 2500.'],
    ] as const) {
      expect(await ask(path, params), words).toMatchObject(refused(words));
    }
  });

  test('a file that the interface uploads names its run, its path and its bytes', async () => {
    const server = await startMlflow();
    const runId = await server.startRun();
    const upload = (query: string, body = '') =>
      server.send('POST', `/ajax-api/2.0/mlflow/upload-artifact?${query}`, body);
    expect(await upload('', 'x')).toMatchObject(refused('Request must specify run_uuid.'));
    expect(await upload(`run_uuid=${runId}`, 'x')).toMatchObject(refused('Request must specify path.'));
    expect(await upload(`run_uuid=${runId}&path=`, 'x')).toMatchObject(refused('Request must specify path.'));
    expect(await upload(`run_uuid=${runId}&path=../a.txt`)).toMatchObject(refused('Invalid path'));
    expect(await upload(`run_uuid=${runId}&path=a.txt`)).toMatchObject(refused('Request must specify data.'));
    expect((await upload(`run_uuid=${runId}&path=a.txt`, 'x')).status).toBe(200);
  });

  test('a logged model without a run says so with an empty text', async () => {
    const server = await startMlflow();
    const { json } = await server.get(`/api/2.0/mlflow/logged-models/${await newModel(server)}`);
    expect(json).toMatchObject({ model: { info: { source_run_id: '' } } });
  });
});

test('a DELETE needs no body and no content type: clients send a logged model tag by its path alone', async () => {
  const server = await startMlflow();
  const modelId = await newModel(server, { tags: [{ key: 'kind', value: 'tree' }] });
  const path = `/api/2.0/mlflow/logged-models/${modelId}/tags/kind`;
  const remove = async () => (await fetch(server.url + path, { method: 'DELETE' })).status;
  expect(await remove()).toBe(200);
  expect(await remove()).toBe(404);
});

test('a param of a logged model keeps its whole value, however long that of a run may be', async () => {
  const server = await startMlflow();
  const value = 'v'.repeat(20_000);
  const modelId = await newModel(server, { params: [{ key: 'config', value }] });
  const { json } = await server.get(`/api/2.0/mlflow/logged-models/${modelId}`);
  expect(json).toMatchObject({ model: { data: { params: [{ key: 'config', value }] } } });
});
