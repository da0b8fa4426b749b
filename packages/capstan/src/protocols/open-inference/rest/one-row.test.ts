// Models whose tensors have no dimension of rows: a request is one row as a whole, over every protocol.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { loggedValues, startTestingPlane, type TestingPlane } from '#protocols/testing';

let served: TestingPlane;
beforeAll(async () => {
  served = await startTestingPlane({ scalars: 'scalars', beside: 'beside-rows', mean: 'mean', sums: 'two-inputs' });
});
afterAll(() => served?.stop());

async function post(path: string, body: string | Uint8Array, headers: Record<string, string> = {}) {
  const bytes = new Uint8Array(Buffer.from(body as string));
  const response = await fetch(served.url + path, { method: 'POST', body: bytes, headers });
  return { status: response.status, headers: response.headers, bytes: Buffer.from(await response.arrayBuffer()) };
}
const json = { 'content-type': 'application/json' };
async function ask(path: string, value: unknown, headers: Record<string, string> = json) {
  const { status, bytes } = await post(path, JSON.stringify(value), headers);
  return { status, said: JSON.parse(bytes.toString()) as never };
}

const tensor = (name: string, datatype: string, shape: readonly number[], data: unknown) => {
  return { name, datatype, shape, data };
};
const vector = tensor('vector', 'FP32', [3], [1, 2, 3]);
const offset = tensor('offset', 'FP32', [], [0.5]);
const count = tensor('count', 'INT64', [], [7]);
const outputs = [
  { name: 'total', datatype: 'FP32', shape: [], data: [13.5] },
  { name: 'scaled', datatype: 'FP32', shape: [3], data: [2.5, 4.5, 6.5] },
  { name: 'count_out', datatype: 'INT64', shape: [], data: [7] },
];

async function lastLogged() {
  const record = (await served.logged()).at(-1);
  const columns = (given: NonNullable<typeof record>['inputs'] | undefined) =>
    Object.fromEntries((given ?? []).map((column) => [column.name, [column.width, loggedValues(column)]]));
  return { rows: record?.rows, inputs: columns(record?.inputs), outputs: columns(record?.parts[0]?.outputs) };
}
const logged = {
  rows: 1,
  inputs: { x: [1, [2]], vector: [3, [1, 2, 3]], offset: [1, [0.5]], count: [1, [7]] },
  outputs: { total: [1, [13.5]], scaled: [3, [2.5, 4.5, 6.5]], count_out: [1, [7]] },
};

test('metadata tells the shapes as they are', async () => {
  const response = await fetch(`${served.url}/v2/models/scalars`);
  expect(await response.json()).toMatchObject({
    inputs: [{ name: 'x', shape: [] }, { name: 'vector', shape: [3] }, { name: 'offset', shape: [] }, { shape: [] }],
    outputs: [
      { name: 'total', shape: [] },
      { name: 'scaled', shape: [3] },
      { name: 'count_out', shape: [] },
    ],
  });
});

describe('the inference protocol', () => {
  test.each([
    ['in a list', [2]],
    ['by itself, as a scalar is nested', 2],
  ])('takes a scalar %s, and logs one row', async (_, data) => {
    const inputs = [tensor('x', 'FP32', [], data), vector, offset, count];
    const { status, said } = await ask('/v2/models/scalars/infer', { inputs });
    expect({ status, said }).toMatchObject({ status: 200, said: { outputs } });
    expect((said as { parameters: { prediction_ids: string[] } }).parameters.prediction_ids).toHaveLength(1);
    expect(await lastLogged()).toEqual(logged);
  });

  test('takes and gives them as bytes', async () => {
    const binary = (name: string, datatype: string, shape: number[], size: number) => {
      return { name, datatype, shape, parameters: { binary_data_size: size } };
    };
    const head = Buffer.from(
      JSON.stringify({
        inputs: [
          binary('x', 'FP32', [], 4),
          binary('vector', 'FP32', [3], 12),
          offset,
          binary('count', 'INT64', [], 8),
        ],
        parameters: { binary_data_output: true },
      }),
    );
    const floats = Buffer.from(Float32Array.of(2, 1, 2, 3).buffer);
    const body = Buffer.concat([head, floats, Buffer.from(BigInt64Array.of(7n).buffer)]);
    const length = { 'inference-header-content-length': String(head.length) };
    const { status, headers, bytes } = await post('/v2/models/scalars/infer', body, length);
    expect(status).toBe(200);
    const at = Number(headers.get('inference-header-content-length'));
    expect(JSON.parse(bytes.subarray(0, at).toString())).toMatchObject({
      outputs: outputs.map(({ name, shape }) => ({ name, shape })),
    });
    expect(bytes.readFloatLE(at)).toBe(13.5);
    expect(await lastLogged()).toEqual(logged);
  });

  test('takes rows beside a scalar as one row of the log', async () => {
    const rows = tensor('rows', 'FP32', [2, 2], [1, 2, 3, 4]);
    const { said } = await ask('/v2/models/beside/infer', { inputs: [rows, tensor('factor', 'FP32', [], [2])] });
    expect(said).toMatchObject({
      outputs: [
        { shape: [2, 2], data: [2, 4, 6, 8] },
        { shape: [], data: [5] },
      ],
    });
    expect(await lastLogged()).toEqual({
      rows: 1,
      inputs: { rows: [4, [1, 2, 3, 4]], factor: [1, [2]] },
      outputs: { scaled: [4, [2, 4, 6, 8]], mean: [1, [5]] },
    });
  });

  test.each([
    ['a vector for a scalar', tensor('x', 'FP32', [1], [2]), /'x' has the shape \[1\]; the model takes \[\]/],
    ['two values for a scalar', tensor('x', 'FP32', [], [2, 3]), /'x' has 2 values; its shape \[\] holds 1/],
    ['nothing for a scalar', tensor('x', 'FP32', [], undefined), /'x' has no data/],
    ['a text for a number', tensor('x', 'FP32', [], 'two'), /'x' has "two"/],
  ])('refuses %s', async (_, x, says) => {
    const refused = await ask('/v2/models/scalars/infer', { inputs: [x, vector, offset, count] });
    expect(refused).toEqual({ status: 400, said: { error: expect.stringMatching(says) } });
  });

  test('a scalar for a model of rows is refused as before', async () => {
    const inputs = [tensor('features', 'FP32', [1, 3], [1, 2, 3]), tensor('offset', 'FP32', [], [1])];
    const refused = await ask('/v2/models/sums/infer', { inputs });
    expect(refused).toMatchObject({
      status: 400,
      said: { error: expect.stringContaining("'offset' has the shape []") },
    });
  });
});

test('an output that is not by rows is answered, and not told of in the log of several rows', async () => {
  const rows = (shape: number[], data: number[]) => ({ inputs: [tensor('rows', 'FP32', shape, data)] });
  expect((await ask('/v2/models/mean/infer', rows([2, 2], [1, 2, 3, 6]))).said).toMatchObject({
    outputs: [{ data: [3] }],
  });
  expect(await lastLogged()).toMatchObject({
    rows: 2,
    inputs: { rows: [2, [1, 2, 3, 6]] },
    outputs: { mean: [1, null] },
  });
  await ask('/v2/models/mean/infer', rows([1, 2], [1, 3]));
  expect(await lastLogged()).toMatchObject({ rows: 1, outputs: { mean: [1, [2]] } });
});

describe('rows of plain JSON', () => {
  const row = { x: 2, vector: [1, 2, 3], offset: 0.5, count: 7 };
  const answered = { outputs: { total: 13.5, scaled: [2.5, 4.5, 6.5], count_out: 7 } };

  test('are one each, and several only line by line', async () => {
    expect((await ask('/models/scalars/predict', row)).said).toMatchObject({ predictions: [answered] });
    expect(await lastLogged()).toEqual(logged);
    const { status, said } = await ask('/models/scalars/predict', { rows: [row, row] });
    expect({ status, said }).toMatchObject({
      status: 400,
      said: { detail: expect.stringContaining('one row at a time') },
    });
    const lines = `${JSON.stringify(row)}\n${JSON.stringify({ ...row, x: [1] })}\n${JSON.stringify(row)}\n`;
    const { bytes } = await post('/models/scalars/predict', lines, { 'content-type': 'application/x-ndjson' });
    const said3 = bytes.toString().trim().split('\n');
    expect(said3.map((line) => JSON.parse(line) as unknown)).toMatchObject([
      { row: 1, ...answered },
      { row: 2, error: { field: 'x' } },
      { row: 3, ...answered },
    ]);
  });

  test('are described as they are', async () => {
    const response = await fetch(`${served.url}/models/scalars/openapi.json`);
    const { components, paths } = (await response.json()) as { components: { schemas: unknown }; paths: unknown };
    expect(components.schemas).toMatchObject({
      Row: { properties: { x: { type: ['number', 'null'] }, vector: { type: 'array', minItems: 3, maxItems: 3 } } },
      Outputs: { properties: { total: { type: ['number', 'null'] }, scaled: { type: 'array' } } },
    });
    const body = (
      paths as Record<string, { post: { requestBody: { content: Record<string, { example: unknown }> } } }>
    )['/v2/models/scalars/infer']?.post.requestBody.content['application/json'];
    expect(body?.example).toMatchObject({ inputs: [{ shape: [] }, { shape: [3] }, { shape: [] }, { shape: [] }] });
    expect(await ask('/v2/models/scalars/infer', body?.example)).toMatchObject({ status: 200 });
  });
});

test.each([
  ['by name', { inputs: { x: 2, vector: [1, 2, 3], offset: 0.5, count: 7 } }],
  ['as a table of one row', { dataframe_records: [{ x: 2, vector: [1, 2, 3], offset: 0.5, count: 7 }] }],
])('MLflow’s protocol takes them %s', async (_, body) => {
  const { said } = await ask('/models/scalars/invocations', body);
  expect(said).toEqual({ predictions: { total: 13.5, scaled: [2.5, 4.5, 6.5], count_out: 7 } });
  expect(await lastLogged()).toEqual(logged);
});

test.each([
  ['two rows', { dataframe_records: [{ x: 2 }, { x: 3 }] }, /'x' has 2 values; the model takes \[\]/],
  [
    'a value less',
    { inputs: { x: 1, vector: [1, 2], offset: 1, count: 1 } },
    /'vector' has 2 values; the model takes \[3\]/,
  ],
  ['a column less', { inputs: { x: 1 } }, /missing inputs: \['vector'\]/],
])('MLflow’s protocol refuses %s', async (_, body, message) => {
  const refused = await ask('/models/scalars/invocations', body);
  expect(refused).toMatchObject({ status: 400, said: { message: expect.stringMatching(message) } });
});
