import { expect, test } from 'vitest';
import { startMlflow, type MlflowServer } from '../testing.ts';

// What MLflow 3.17.2 answers to the same calls, but for its 500s, which are 400 or 404 here.
const PROMPT = { key: 'mlflow.prompt.is_prompt', value: 'true' };
const S3 = 's3://bucket/model';

let server: MlflowServer;

async function open(): Promise<void> {
  server = await startMlflow();
  await server.post('registered-models/create', { name: 'm' });
}

const status = async (path: string, body: object): Promise<number> => (await server.post(path, body)).status;
const code = (json: unknown) => (json as { error_code?: string }).error_code;

test('a source may be what its client can reach, or belongs to the run or model beside it', async () => {
  await open();
  const runId = await server.startRun();
  const { model } = (await server.post('logged-models', { experiment_id: '0', name: 'lm', source_run_id: runId }))
    .json as { model: { info: { model_id: string } } };
  const modelId = model.info.model_id;
  const cases: [object, number][] = [
    [{ source: S3 }, 200],
    [{ source: 's3://bucket/model?versionId=3#x', run_id: 'elsewhere' }, 200],
    [{ source: 'gs://b/x' }, 200],
    [{ source: 'wasbs://c@a/x' }, 200],
    [{ source: 'dbfs:/x/y' }, 200],
    [{ source: `runs:/${runId}/model`, run_id: runId }, 200],
    [{ source: 'runs:/there/model', run_id: 'there' }, 200],
    [{ source: `models:/${modelId}`, model_id: modelId }, 200],
    [{ source: `mlflow-artifacts:/0/${runId}/artifacts/model`, run_id: runId }, 200],
    [{ source: 'models:/m/1' }, 200],
    [{ source: 'models:/m/latest' }, 200],
    [{ source: 'models:/m/none' }, 200],
    [{ source: `runs:/${runId}/model` }, 400],
    [{ source: `runs:/${runId}/model`, run_id: 'other' }, 400],
    [{ source: `models:/${modelId}` }, 400],
    [{ source: `models:/${modelId}`, run_id: runId }, 400],
    [{ source: `models:/m-${'0'.repeat(32)}`, model_id: `m-${'0'.repeat(32)}` }, 404],
    [{ source: `mlflow-artifacts:/0/${runId}/artifacts`, run_id: 'other' }, 400],
    [{ source: 'mlflow-artifacts:/0/other/artifacts', run_id: 'other' }, 400],
    [{ source: 'models:/m/1', run_id: runId }, 400],
    [{ source: 'models:/m/99' }, 404],
    [{ source: 'models:/m@nobody' }, 400],
    [{ source: S3, model_id: 'm-none' }, 404],
    [{ source: 'hdfs://h/x' }, 400],
    [{ source: 'http://h/x' }, 400],
    [{ source: 'file:///etc', run_id: runId }, 400],
    [{ source: 'model' }, 400],
    [{ source: 's3://b/../x' }, 400],
    [{ source: 's3://b/%252e%252e/x' }, 400],
    [{ source: '' }, 400],
    [{}, 400],
  ];
  for (const [body, expected] of cases) {
    expect(await status('model-versions/create', { name: 'm', ...body }), JSON.stringify(body)).toBe(expected);
  }
  for (const [source, words] of [
    ['path/of/another/machine', 'To use a local path as a model version source'],
    ['file:///etc', 'To use a local path as a model version source'],
    ['s3://b/../x', 'If supplying a source as an http, https,'],
  ]) {
    const { json } = await server.post('model-versions/create', { name: 'm', source, run_id: runId });
    expect(json).toMatchObject({
      message: expect.stringContaining(`Invalid model version source: '${source}'. ${words}`),
    });
  }
  const latest = (await server.get('/api/2.0/mlflow/model-versions/get?name=m&version=11')).json;
  expect(latest).toMatchObject({ model_version: { source: 'models:/m/10' } });
});

test('a logged model lists the versions made from it, as clients of MLflow read them', async () => {
  await open();
  const { model } = (await server.post('logged-models', { experiment_id: '0' })).json as {
    model: { info: { model_id: string } };
  };
  const modelId = model.info.model_id;
  const listed = async () => {
    const { json } = await server.get(`/api/2.0/mlflow/logged-models/${modelId}`);
    const { tags = [] } = (json as { model: { info: { tags?: readonly { key: string; value: string }[] } } }).model
      .info;
    return tags.find(({ key }) => key === 'mlflow.modelVersions')?.value;
  };
  await server.post('registered-models/create', { name: 'größe' });
  for (const [name, body] of [
    ['m', { source: `models:/${modelId}`, model_id: modelId }],
    ['größe', { source: S3, model_id: modelId }],
    ['m', { source: S3 }],
    ['größe', { source: 'models:/m/1' }],
  ] as const) {
    expect(await status('model-versions/create', { name, ...body })).toBe(200);
  }
  expect(await listed()).toBe(
    '[{"name": "m", "version": 1}, {"name": "gr\\u00f6\\u00dfe", "version": 1}, {"name": "gr\\u00f6\\u00dfe", "version": 2}]',
  );
  const byClient = '[{"name": "m", "version": "7"}]';
  await server.send('PATCH', `/api/2.0/mlflow/logged-models/${modelId}/tags`, {
    tags: [{ key: 'mlflow.modelVersions', value: byClient }],
  });
  await server.post('model-versions/create', { name: 'm', source: S3, model_id: modelId });
  expect(await listed()).toBe('[{"name": "m", "version": "7"}, {"name": "m", "version": 3}]');
});

test('a prompt has no files, and no model is made from one', async () => {
  await open();
  await server.post('registered-models/create', { name: 'p', tags: [PROMPT] });
  const create = (body: object) => status('model-versions/create', body);
  expect(await create({ name: 'p', source: 'dummy-source', tags: [PROMPT] })).toBe(200);
  expect(await create({ name: 'p', source: 'prompt-template', tags: [PROMPT] })).toBe(200);
  expect(await create({ name: 'p', source: S3, tags: [PROMPT] })).toBe(400);
  expect(await create({ name: 'm', source: 'dummy-source' })).toBe(400);
  expect(await create({ name: 'm', source: 'models:/p/1' })).toBe(400);
});

async function openBoth(): Promise<void> {
  await open();
  await server.post('registered-models/create', { name: 'p', tags: [PROMPT] });
  await server.post('model-versions/create', { name: 'p', source: 'dummy-source', tags: [PROMPT] });
  await server.post('model-versions/create', { name: 'm', source: S3 });
}

test('models and prompts are apart in searches', async () => {
  await openBoth();
  const namesOf = async (path: string, filter: string) => {
    const { json } = await server.get(`/api/2.0/mlflow/${path}/search?filter=${encodeURIComponent(filter)}`);
    const found = Object.values(json as Record<string, readonly { name: string }[]>)[0] ?? [];
    return found.map(({ name }) => name).join(' ');
  };
  for (const [filter, names] of [
    ['', 'm'],
    ["tags.`mlflow.prompt.is_prompt` != 'true'", 'm'],
    ["tags.`mlflow.prompt.is_prompt` = 'false'", 'm'],
    ["tags.`mlflow.prompt.is_prompt` = 'true'", 'p'],
    ["tags.`mlflow.prompt.is_prompt` != 'false'", 'p'],
    ["name = 'p'", ''],
    ["name NOT IN ('x')", 'm'],
  ] as const) {
    expect(await namesOf('registered-models', filter), filter).toBe(names);
    expect(await namesOf('model-versions', filter), filter).toBe(names);
  }
});

test('models and prompts share their names, and it is said whose a name is', async () => {
  await openBoth();
  const taken = async (body: object) => (await server.post('registered-models/create', body)).json;
  expect(await taken({ name: 'p' })).toMatchObject({
    error_code: 'RESOURCE_ALREADY_EXISTS',
    message: "Tried to create a registered model with name 'p', but the name is already taken by a prompt.",
  });
  expect(await taken({ name: 'm', tags: [PROMPT] })).toMatchObject({ error_code: 'RESOURCE_ALREADY_EXISTS' });
  expect(await taken({ name: 'p', tags: [PROMPT] })).toMatchObject({ message: 'Prompt (name=p) already exists.' });
});

test('versions are named by any whole number', async () => {
  await open();
  await server.post('model-versions/create', { name: 'm', source: S3 });
  const ask = async (version: string) => {
    const { status: answered, json } = await server.get(
      `/api/2.0/mlflow/model-versions/get?name=m&version=${encodeURIComponent(version)}`,
    );
    return [answered, code(json)];
  };
  for (const version of ['1', '01', ' 1', '+1']) expect(await ask(version)).toEqual([200, undefined]);
  for (const version of ['0', '-1', '2', '9'.repeat(30)]) {
    expect(await ask(version)).toEqual([404, 'RESOURCE_DOES_NOT_EXIST']);
  }
  for (const version of ['x', '1.5', '']) expect(await ask(version)).toEqual([400, 'INVALID_PARAMETER_VALUE']);
});

test('keys of tags are as those of runs, aliases are words of any script', async () => {
  await open();
  await server.post('model-versions/create', { name: 'm', source: S3 });
  for (const [path, beside] of [
    ['registered-models', {}],
    ['model-versions', { version: '1' }],
  ] as const) {
    const set = (key: string, value = 'v') => status(`${path}/set-tag`, { name: 'm', ...beside, key, value });
    for (const key of ['k', 'a b/c.d-e:f_', 'x'.repeat(250), 'ключ']) expect(await set(key)).toBe(200);
    for (const key of ['', 'bad!', '..', '/x', 'x//y', 'x'.repeat(251)]) expect(await set(key), key).toBe(400);
    expect(await set('big', 'v'.repeat(100_000))).toBe(200);
    expect(await set('big', 'v'.repeat(100_001))).toBe(400);
    const remove = async (key: string) =>
      (await server.send('DELETE', `/api/2.0/mlflow/${path}/delete-tag`, { name: 'm', ...beside, key })).status;
    expect([await remove('k'), await remove('k'), await remove('bad!')]).toEqual([200, 200, 400]);
  }
  const alias = (name: string) => status('registered-models/alias', { name: 'm', alias: name, version: '1' });
  for (const name of ['champion', 'Ä_-1', '1', 'v1x', 'a'.repeat(255)]) expect(await alias(name)).toBe(200);
  for (const name of ['', 'v1', 'V12', 'Latest', 'a b', 'a.b', 'a'.repeat(256)]) expect(await alias(name)).toBe(400);
  const of = async (name: string) => {
    const { status: answered, json } = await server.get(`/api/2.0/mlflow/registered-models/alias?name=m&alias=${name}`);
    return [answered, code(json)];
  };
  expect([await of('latest'), await of('nobody'), await of('a.b')]).toEqual([
    [200, undefined],
    [400, 'INVALID_PARAMETER_VALUE'],
    [400, 'INVALID_PARAMETER_VALUE'],
  ]);
  await server.post('registered-models/create', { name: 'empty' });
  const none = await server.get('/api/2.0/mlflow/registered-models/alias?name=empty&alias=latest');
  expect([none.status, code(none.json)]).toEqual([404, 'RESOURCE_DOES_NOT_EXIST']);
  expect((await server.get('/api/2.0/mlflow/registered-models/get?name=a%2Fb')).status).toBe(400);
});

test('a description is empty until it is given, and none once it was taken away', async () => {
  await open();
  await server.post('model-versions/create', { name: 'm', source: S3 });
  const change = async (body: object) =>
    (await server.send('PATCH', '/api/2.0/mlflow/model-versions/update', { name: 'm', version: '1', ...body }))
      .json as {
      model_version: { description?: string };
    };
  const got = (await server.get('/api/2.0/mlflow/model-versions/get?name=m&version=1')).json;
  expect(got).toHaveProperty('model_version.description', '');
  expect((await change({ description: 'x' })).model_version.description).toBe('x');
  expect((await change({})).model_version).not.toHaveProperty('description');
  const model = await server.send('PATCH', '/api/2.0/mlflow/registered-models/update', { name: 'm', description: '' });
  expect(model.json).not.toHaveProperty('registered_model.description');
});
