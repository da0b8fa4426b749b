import { expect, test } from 'vitest';
import { startMlflow } from '../testing.ts';

const refused = { status: 400, json: { error_code: 'INVALID_PARAMETER_VALUE' } };
const unknown = { status: 404, json: { error_code: 'RESOURCE_DOES_NOT_EXIST' } };

test('what no model, alias, key or version can be called is refused before anything is looked up', async () => {
  const server = await startMlflow();
  const model = (path: string, body: object, method = 'POST') => server.send(method, `/api/2.0/mlflow/${path}`, body);
  expect(await server.get('/api/2.0/mlflow/registered-models/get?name=a%2Fb')).toMatchObject(refused);
  expect(await model('registered-models/update', { name: 'a:b' }, 'PATCH')).toMatchObject(refused);
  expect(await model('registered-models/alias', { name: 'none', alias: 'a b' }, 'DELETE')).toMatchObject(refused);
  expect(await model('registered-models/set-tag', { name: 'none', key: 'ä%', value: '' })).toMatchObject(refused);
  expect(await model('model-versions/create', { name: 'none', source: '/etc' })).toMatchObject(refused);
  expect(await server.get('/api/2.0/mlflow/model-versions/get?name=none&version=one')).toMatchObject(refused);
  expect(await server.get('/api/2.0/mlflow/model-versions/get?name=none&version=0')).toMatchObject(unknown);
});

test('a version of a model that is gone is said to be missing itself', async () => {
  const server = await startMlflow();
  expect(await server.get('/api/2.0/mlflow/model-versions/get?name=gone&version=1')).toMatchObject({
    status: 404,
    json: { error_code: 'RESOURCE_DOES_NOT_EXIST', message: 'Model Version (name=gone, version=1) not found' },
  });
});

test('a prompt that is too long is refused as a prompt', async () => {
  const server = await startMlflow();
  await server.post('registered-models/create', {
    name: 'p',
    tags: [{ key: 'mlflow.prompt.is_prompt', value: 'true' }],
  });
  const tags = [
    { key: 'mlflow.prompt.is_prompt', value: 'true' },
    { key: 'mlflow.prompt.text', value: 'a'.repeat(100_001) },
  ];
  const message = 'Prompt text exceeds max length of 100000 characters.';
  expect(await server.post('model-versions/create', { name: 'p', source: 'dummy-source', tags })).toMatchObject({
    status: 400,
    json: { error_code: 'INVALID_PARAMETER_VALUE', message },
  });
});

test('an alias that may not be set may be removed: an older server may have taken it', async () => {
  const server = await startMlflow();
  await server.post('registered-models/create', { name: 'm', description: '' });
  const remove = await server.send('DELETE', '/api/2.0/mlflow/registered-models/alias', { name: 'm', alias: 'latest' });
  expect(remove).toMatchObject({ status: 200, text: '{}' });
  const { json } = await server.get('/api/2.0/mlflow/registered-models/get?name=m');
  expect((json as { registered_model: object }).registered_model).not.toHaveProperty('description');
});
