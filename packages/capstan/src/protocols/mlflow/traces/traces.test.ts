import fc from 'fast-check';
import { expect, test } from 'vitest';
import { startMlflow, type MlflowServer } from '../testing.ts';

const TRACE = `tr-${'a'.repeat(32)}`;
const at3 = '/api/3.0/mlflow/traces';
const at2 = '/api/2.0/mlflow/traces';

const info = (rest: object = {}) => ({
  trace_id: TRACE,
  trace_location: { type: 'MLFLOW_EXPERIMENT', mlflow_experiment: { experiment_id: '0' } },
  request_time: '2023-11-14T22:13:20.123456789Z',
  execution_duration: '1.500s',
  state: 'OK',
  tags: { a: '1' },
  ...rest,
});

async function withTrace(): Promise<MlflowServer> {
  const server = await startMlflow();
  expect((await server.send('POST', at3, { trace: { trace_info: info() } })).status).toBe(200);
  return server;
}

test('a trace is stored, merged and read under both names of its calls', async () => {
  const server = await withTrace();
  const read = await server.get(`${at3}/${TRACE}`);
  expect(read.json).toEqual({
    trace: {
      trace_info: {
        trace_id: TRACE,
        trace_location: { type: 'MLFLOW_EXPERIMENT', mlflow_experiment: { experiment_id: '0' } },
        request_time: '2023-11-14T22:13:20.123Z',
        execution_duration: '1.500s',
        state: 'OK',
        trace_metadata: { 'mlflow.trace.infoFinalized': 'true' },
        tags: { a: '1', 'mlflow.artifactLocation': `mlflow-artifacts:/0/traces/${TRACE}/artifacts` },
      },
    },
  });
  expect((await server.get(`${at2}/${TRACE}/info`)).json).toMatchObject({
    trace_info: { request_id: TRACE, timestamp_ms: 1_700_000_000_123, execution_time_ms: 1_500, status: 'OK' },
  });
  for (const at of [at2, at3]) {
    expect((await server.send('PATCH', `${at}/${TRACE}/tags`, { key: 'b', value: '2' })).json).toEqual({});
    expect((await server.send('DELETE', `${at}/${TRACE}/tags`, { key: 'b' })).json).toEqual({});
    expect((await server.send('DELETE', `${at}/${TRACE}/tags`, { key: 'b' })).status).toBe(404);
  }
});

test.each(['what?!', '../', 'a//b', 'half: (1)', ''])(
  'the key %j of a tag to set is refused, trace or none',
  async (key) => {
    const server = await withTrace();
    for (const id of [TRACE, 'tr-none']) {
      const refused = { status: 400, json: { error_code: 'INVALID_PARAMETER_VALUE' } };
      expect(await server.send('PATCH', `${at3}/${id}/tags`, { key, value: '1' })).toMatchObject(refused);
    }
  },
);

test('a state, status or source that says nothing is as good as none', async () => {
  const server = await withTrace();
  for (const state of ['STATE_UNSPECIFIED', 0]) {
    const { json } = await server.send('POST', at3, { trace: { trace_info: info({ state }) } });
    expect(json).toMatchObject({ trace: { trace_info: { state: 'STATE_UNSPECIFIED' } } });
  }
  const { json } = await server.send('PATCH', `${at2}/${TRACE}`, {
    timestamp_ms: 1,
    status: 'TRACE_STATUS_UNSPECIFIED',
  });
  expect(json).toMatchObject({ trace_info: { status: 'TRACE_STATUS_UNSPECIFIED' } });
  const source = { source_type: 'SOURCE_TYPE_UNSPECIFIED', source_id: 's' };
  const assessment = { assessment_name: 'q', source, feedback: { value: 1 } };
  expect(await server.send('POST', `${at3}/${TRACE}/assessments`, { assessment })).toMatchObject({
    status: 200,
    json: { assessment: { source } },
  });
  expect((await server.send('POST', at3, { trace: { trace_info: info({ state: 'DONE' }) } })).status).toBe(400);
});

test('spans in a file are served as the file, never as a page', async () => {
  const server = await withTrace();
  const artifact = `/ajax-api/3.0/mlflow/get-trace-artifact?request_id=${TRACE}`;
  expect((await server.get(artifact)).status).toBe(404);
  const file = `/api/2.0/mlflow-artifacts/artifacts/0/traces/${TRACE}/artifacts/traces.json`;
  expect((await server.send('PUT', file, '{"spans": []}')).status).toBe(200);
  const read = await server.get(artifact);
  expect([read.status, read.text]).toEqual([200, '{"spans": []}']);
  expect(read.headers.get('content-disposition')).toContain('attachment');
  expect((await server.get(`${artifact}&path=../traces.json`)).status).toBe(400);
  const listed = await server.get(`/api/2.0/mlflow-artifacts/artifacts?path=0/traces/${TRACE}/artifacts`);
  expect(listed.json).toEqual({ files: [{ path: 'traces.json', is_dir: false, file_size: 13 }] });
  expect((await server.send('DELETE', file, {})).status).toBe(200);
  expect((await server.get(file)).status).toBe(404);
});

test('durations and times in every spelling of protobuf, and wrong ones', async () => {
  const server = await withTrace();
  const store = (rest: object) => server.send('POST', at3, { trace: { trace_info: info(rest) } });
  const read = async () =>
    ((await server.get(`${at3}/${TRACE}`)).json as { trace: { trace_info: Record<string, string> } }).trace.trace_info;
  for (const [given, written] of [
    ['0s', '0s'],
    ['2s', '2s'],
    ['0.000000001s', '0s'],
    ['3.25s', '3.250s'],
  ]) {
    await store({ execution_duration: given });
    expect((await read())['execution_duration']).toBe(written);
  }
  await store({ request_time: '2023-11-14T23:13:20+01:00' });
  expect((await read())['request_time']).toBe('2023-11-14T22:13:20Z');
  for (const wrong of ['soon', '2023-13-14T22:13:20Z', '1969-12-31T23:59:59Z', '1']) {
    expect((await store({ request_time: wrong })).status).toBe(400);
  }
  for (const wrong of ['1', '-', '1.5', 's']) {
    expect((await store({ execution_duration: wrong })).status).toBe(400);
  }
});

const paths: readonly [string, string][] = [
  ['POST', at3],
  ['POST', `${at3}/search`],
  ['POST', `${at3}/batchGetInfos`],
  ['POST', `${at3}/metrics`],
  ['POST', `${at3}/calculate-filter-correlation`],
  ['POST', `${at3}/delete-traces`],
  ['POST', `${at2}/link-to-run`],
  ['POST', `${at2}/link-prompts`],
  ['POST', at2],
  ['PATCH', `${at2}/${TRACE}`],
  ['PATCH', `${at3}/${TRACE}/tags`],
  ['POST', `${at3}/${TRACE}/assessments`],
  ['PATCH', `${at3}/${TRACE}/assessments/a-1`],
];

test('whatever is sent, the answer is 200 or says what is wrong', { timeout: 60_000 }, async () => {
  const shared = await withTrace();
  const leaf = fc.oneof(
    fc.constantFrom(
      '',
      '0',
      TRACE,
      '1s',
      "a = 'b'",
      'TRACES',
      'COUNT',
      'latency',
      'feedback',
      '\0',
      '\uD800',
      'x'.repeat(9_000),
    ),
    fc.integer(),
    fc.double(),
    fc.boolean(),
    fc.constant(null),
  );
  const value = fc.letrec((tie) => ({
    any: fc.oneof(
      { depthSize: 'small' },
      leaf,
      fc.array(tie('any'), { maxLength: 3 }),
      fc.dictionary(
        fc.constantFrom('value', 'key', 'name', 'mlflow_experiment', 'experiment_id', '__proto__'),
        tie('any'),
      ),
    ),
  })).any;
  const names = [
    'trace',
    'trace_info',
    'locations',
    'filter',
    'order_by',
    'page_token',
    'trace_ids',
    'experiment_ids',
    'experiment_id',
    'view_type',
    'metric_name',
    'aggregations',
    'filters',
    'dimensions',
    'filter_string1',
    'filter_string2',
    'request_ids',
    'max_traces',
    'max_results',
    'run_id',
    'prompt_versions',
    'timestamp_ms',
    'status',
    'tags',
    'key',
    'value',
    'assessment',
    'update_mask',
    'assessments',
    'request_time',
    'state',
    'trace_id',
    'feedback',
    'source',
  ];
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...paths),
      fc.dictionary(fc.constantFrom(...names), value),
      async ([method, path], body) => {
        const nested = path === at3 ? { trace: { trace_info: { ...info(), ...body } } } : body;
        for (const sent of [
          body,
          nested,
          path.includes('assess') ? { assessment: body, update_mask: 'feedback,rationale' } : body,
        ]) {
          const { status } = await shared.send(method, path, sent);
          expect([200, 400, 404]).toContain(status);
        }
      },
    ),
    { numRuns: 150 },
  );
});

test('a value nested without end is refused', async () => {
  const server = await withTrace();
  const deep = `${'['.repeat(5_000)}1${']'.repeat(5_000)}`;
  for (const feedback of [
    `{"feedback": {"value": ${deep}}}`,
    `{"expectation": {"serialized_value": {"serialization_format": "JSON_FORMAT", "value": "${'['.repeat(200_000)}"}}}`,
  ]) {
    const { status } = await server.send('POST', `${at3}/${TRACE}/assessments`, `{"assessment": ${feedback}}`);
    expect(status).toBe(400);
  }
});
