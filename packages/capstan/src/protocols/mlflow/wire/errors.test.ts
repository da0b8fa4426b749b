import { errorCodes, type ErrorCode } from '@capstan/api';
import { describe, expect, test } from 'vitest';
import { DomainError } from '#kernel/errors';
import { mlflowErrors } from '../index.ts';
import { startMlflow } from '../testing.ts';

const NO_RUN = '0'.repeat(32);

test.each(Object.keys(errorCodes) as ErrorCode[])(
  '%s has a status that fits: clients retry only what may be retried',
  (code) => {
    const { status, body } = mlflowErrors(new DomainError(code, 'What.', { hint: 'Do this.' }), 'id-1');
    expect(JSON.parse(body as string)).toEqual({
      error_code: expect.any(String),
      message: 'What. Do this.',
      request_id: 'id-1',
    });
    const retriedByClients = [408, 429, 500, 502, 503, 504];
    const isOurs = errorCodes[code].status >= 500;
    if (!isOurs && !errorCodes[code].isRetryable) expect(retriedByClients).not.toContain(status);
  },
);

describe('over HTTP', () => {
  test('a missing field is named; malformed JSON is an empty message', async () => {
    const server = await startMlflow();
    const missing = await server.post('runs/update', {});
    expect(missing.status).toBe(400);
    expect(missing.json).toMatchObject({
      error_code: 'INVALID_PARAMETER_VALUE',
      message: expect.stringContaining("Missing value for required parameter 'run_id'"),
    });
    expect((await server.post('runs/update', '{"run_id":')).json).toEqual({
      ...(missing.json as object),
      request_id: expect.any(String),
    });
    const metric = { key: 'm', value: 1 };
    expect((await server.post('runs/log-batch', { run_id: NO_RUN, metrics: [metric] })).json).toMatchObject({
      message: expect.stringContaining("'metrics[0].timestamp'"),
    });
  });

  test('a wrong type is a mistake of the caller, however deep or great it is', async () => {
    const server = await startMlflow();
    const deep = `{"run_id": ${'['.repeat(200_000)}${']'.repeat(200_000)}}`;
    for (const body of [deep, '{"run_id": {"a": 123456789012345678901234567890}}', '{"run_id": 5}']) {
      const answer = await server.post('runs/update', body);
      expect(answer.status).toBe(400);
      expect(answer.json).toMatchObject({ message: expect.stringContaining("for parameter 'run_id' supplied") });
    }
  });

  test('only JSON is taken, so that no form of a foreign page can call', async () => {
    const server = await startMlflow();
    const plain = { 'content-type': 'text/plain' };
    expect(await server.send('POST', '/api/2.0/mlflow/runs/create', '{}', plain)).toMatchObject({
      status: 400,
      json: { error_code: 'INVALID_PARAMETER_VALUE', message: expect.stringContaining("['application/json']") },
    });
    const withCharset = { 'content-type': 'application/json; charset=utf-8' };
    expect((await server.send('POST', '/api/2.0/mlflow/runs/create', '{}', withCharset)).status).toBe(200);
    const foreign = { origin: 'https://example.org' };
    expect(await server.send('POST', '/api/2.0/mlflow/runs/create', '{}', foreign)).toMatchObject({
      status: 403,
      json: { error_code: 'PERMISSION_DENIED' },
    });
  });

  test('what is not there is 404 RESOURCE_DOES_NOT_EXIST, which clients go on from', async () => {
    const server = await startMlflow();
    for (const path of [
      `runs/get?run_id=${NO_RUN}`,
      'experiments/get?experiment_id=77',
      'experiments/get-by-name?experiment_name=nowhere',
      'registered-models/get?name=nowhere',
      'model-versions/get?name=nowhere&version=1',
      `logged-models/m-${NO_RUN}`,
    ]) {
      expect(await server.get(`/api/2.0/mlflow/${path}`), path).toMatchObject({
        status: 404,
        json: { error_code: 'RESOURCE_DOES_NOT_EXIST' },
      });
    }
  });

  test('a call that is not offered says so, apart from an object that is not there', async () => {
    const server = await startMlflow();
    for (const path of [
      '/api/3.0/mlflow/nothing/of-the-kind',
      '/ajax-api/3.0/mlflow/assistant/sessions',
      '/api/2.0/mlflow/runs/get',
    ]) {
      const answer = await server.send('POST', path, {});
      expect(answer.status, path).toBe(404);
      expect(answer.json, path).toMatchObject({
        error_code: 'ENDPOINT_NOT_FOUND',
        message: expect.stringContaining(path),
      });
    }
    expect((await server.get('/elsewhere')).json).toMatchObject({ code: 'NOT_FOUND' });
  });

  test('GraphQL is not offered: it is said what to call instead, and nothing of it to another origin', async () => {
    const server = await startMlflow();
    const query = { query: 'query { mlflowGetRun(input: {runId: "x"}) { run { info { runId } } } }' };
    const answers = [
      await server.send('POST', '/graphql', query),
      await server.get('/graphql?query=%7B__typename%7D'),
      await server.send('POST', '/graphql', query, { origin: 'https://example.org' }),
      await server.send('OPTIONS', '/graphql', '', {
        origin: 'https://example.org',
        'access-control-request-method': 'POST',
      }),
    ];
    for (const answer of answers.slice(0, 2)) {
      expect(answer).toMatchObject({
        status: 404,
        json: {
          error_code: 'ENDPOINT_NOT_FOUND',
          message: expect.stringContaining('Use /api/2.0/mlflow/runs/get, runs/search,'),
        },
      });
      expect(answer.headers.get('content-type')).toContain('application/json');
    }
    for (const answer of answers) {
      expect(answer.status).toBeGreaterThanOrEqual(400);
      expect([...answer.headers.keys()].filter((name) => name.startsWith('access-control'))).toEqual([]);
    }
  });

  test('a changed param says which, alone and in a batch, and nothing of the batch is kept', async () => {
    const server = await startMlflow();
    const runId = await server.startRun();
    await server.post('runs/log-parameter', { run_id: runId, key: 'p', value: '1' });
    expect(await server.post('runs/log-parameter', { run_id: runId, key: 'p', value: '2' })).toMatchObject({
      status: 400,
      json: {
        message: expect.stringContaining(
          `Changing param values is not allowed. Param with key='p' was already logged with value='1' for run ID='${runId}'. ` +
            `Attempted logging new value '2'.`,
        ),
      },
    });
    const params = [
      { key: 'q', value: '1' },
      { key: 'p', value: '3' },
    ];
    const tags = [{ key: 't', value: '1' }];
    expect(await server.post('runs/log-batch', { run_id: runId, params, tags })).toMatchObject({
      status: 400,
      json: { message: expect.stringContaining("already logged='[{'key': 'p', 'old_value': '1', 'new_value': '3'}]'") },
    });
    const run = await server.experiments.getRun(runId);
    expect(run.params).toEqual([{ key: 'p', value: '1' }]);
    expect(run.tags.map((tag) => tag.key)).toEqual(['mlflow.runName']);
  });

  test('an alias that is not set is 400, as MLflow has it', async () => {
    const server = await startMlflow();
    await server.post('registered-models/create', { name: 'm' });
    expect(await server.get('/api/2.0/mlflow/registered-models/alias?name=m&alias=champion')).toMatchObject({
      status: 400,
      json: { error_code: 'INVALID_PARAMETER_VALUE', message: 'Registered model alias champion not found.' },
    });
  });
});
