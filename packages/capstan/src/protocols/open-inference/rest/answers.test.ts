import { request } from 'node:http';
import { deflateSync, gunzipSync, gzipSync, inflateSync } from 'node:zlib';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { loggedValues, startTestingPlane, type TestingPlane } from '#protocols/testing';

let served: TestingPlane;
beforeAll(async () => {
  served = await startTestingPlane({ sums: 'two-inputs', half: 'half', all: 'datatypes', texts: 'columns' });
});
afterAll(() => served?.stop());

async function infer(model: string, body: string | Uint8Array, headers: Record<string, string> = {}) {
  // fetch unpacks answers by itself, and sends a type of its own for texts.
  const bytes = new Uint8Array(Buffer.from(body as string));
  const response = await fetch(`${served.url}/v2/models/${model}/infer`, { method: 'POST', body: bytes, headers });
  const answer = Buffer.from(await response.arrayBuffer());
  expect({ status: response.status, text: response.ok ? '' : answer.toString() }).toEqual({ status: 200, text: '' });
  return { answer, headers: response.headers };
}

async function inferJson(model: string, body: string) {
  const { answer } = await infer(model, body);
  return JSON.parse(answer.toString()) as { outputs: { name: string; shape: number[]; data: unknown[] }[] };
}

const types = [
  'BOOL',
  'UINT8',
  'INT8',
  'INT16',
  'INT32',
  'INT64',
  'UINT16',
  'UINT32',
  'UINT64',
  'FP32',
  'FP64',
  'BYTES',
];

/** A request for the model of every datatype: the given data for one of them, plain values for the rest. */
function oneOf(datatype: string, data: string, rows: number, output = `out_${datatype}`) {
  const plain = (type: string) => (type === 'BOOL' ? 'true' : type === 'BYTES' ? '"x"' : '1');
  const inputs = types.map((type) => {
    const values = type === datatype ? data : `[${Array.from({ length: rows }, () => plain(type)).join(',')}]`;
    return `{"name":"in_${type}","datatype":"${type}","shape":[${rows}],"data":${values}}`;
  });
  return `{"inputs":[${inputs.join(',')}],"outputs":[{"name":"${output}"}]}`;
}

async function lastLogged() {
  const record = (await served.logged()).at(-1);
  return Object.fromEntries((record?.inputs ?? []).map((column) => [column.name, loggedValues(column)]));
}

test('nested or flat, members in any order, ids and parameters that nobody knows', async () => {
  const body = {
    outputs: [{ parameters: { mine: 1 }, name: 'sum' }],
    parameters: { priority: 3, sequence_id: 0, mine: [1] },
    inputs: [
      { data: [[10], [20]], shape: [2, 1], datatype: 'FP32', name: 'offset', parameters: { data: [[1], [2, 3]] } },
      { data: [1, 2, 3, 4, 5, 6], shape: [2, 3], datatype: 'FP32', name: 'features' },
    ],
    id: 'mine',
  };
  expect(await inferJson('sums', JSON.stringify(body))).toEqual({
    model_name: 'sums',
    model_version: '1',
    id: 'mine',
    parameters: { prediction_ids: [expect.any(String), expect.any(String)], revision: 1, route: 'champion' },
    outputs: [{ name: 'sum', datatype: 'FP32', shape: [2, 1], data: [14, 27.75] }],
  });
});

test.each([
  ['few', 2],
  ['many', 400],
])('%s 64-bit integers are exact in the model, the answer and the log', async (_, rows) => {
  const filler = Array.from({ length: rows - 2 }, () => '7');
  const signed = ['-9223372036854775808', '9007199254740993', ...filler];
  const unsigned = ['18446744073709551615', '9007199254740991', ...filler];
  for (const [datatype, values] of [
    ['INT64', signed],
    ['UINT64', unsigned],
  ] as const) {
    const { answer } = await infer('all', oneOf(datatype, `[${values.join(', ')}]`, rows));
    expect(answer.toString()).toContain(`"data":[${values.join(',')}]}`);
    const logged = (await lastLogged())[`in_${datatype}`];
    expect(logged).toEqual(values.map((text) => (Number.isSafeInteger(Number(text)) ? Number(text) : text)));
  }
});

test('minus zero keeps its sign, null is NaN for the model and null again in the answer', async () => {
  const { answer } = await infer('all', oneOf('FP64', '[-0.0, null, 1e-320]', 3));
  expect(answer.toString()).toContain('"data":[-0.0,null,1e-320]}');
  expect((await lastLogged())['in_FP64']).toEqual([-0, null, 1e-320]);
});

test('many numbers are logged as the model saw them, nested and on several lines too', async () => {
  const written = Array.from({ length: 300 }, (_, row) => [row, row / 7, null]);
  const offset = Array.from({ length: 300 }, () => 0.5);
  const body = {
    inputs: [
      { name: 'features', datatype: 'FP32', shape: [300, 3], data: written },
      { name: 'offset', datatype: 'FP32', shape: [300, 1], data: offset },
    ],
  };
  const { outputs } = await inferJson('sums', JSON.stringify(body, null, 2));
  expect(outputs[0]?.data.every((value) => value === null)).toBe(true);
  const logged = await lastLogged();
  expect(logged['features']).toEqual(written.flat().map((value) => value && Math.fround(value)));
  expect(logged['offset']).toEqual(offset);
});

test('booleans are logged as booleans, however they came', async () => {
  await inferJson('all', oneOf('BOOL', '[1, false, true]', 3));
  expect((await lastLogged())['in_BOOL']).toEqual([true, false, true]);
  const inputs = types.map((type) => {
    const bytes =
      { BOOL: 1, UINT8: 1, INT8: 1, INT16: 2, UINT16: 2, INT32: 4, UINT32: 4, FP32: 4, BYTES: 4 }[type] ?? 8;
    return { name: `in_${type}`, datatype: type, shape: [1], parameters: { binary_data_size: bytes } };
  });
  const json = JSON.stringify({ inputs });
  const size = inputs.reduce((sum, { parameters }) => sum + parameters.binary_data_size, 0);
  const bytes = Buffer.concat([Buffer.from(json), Buffer.alloc(size)]);
  await infer('all', bytes, { 'inference-header-content-length': String(json.length) });
  expect(await lastLogged()).toMatchObject({ in_BOOL: [false], in_INT64: [0], in_BYTES: [''], in_FP32: [0] });
});

test('half floats have a JSON form too', async () => {
  const { outputs } = await inferJson(
    'half',
    '{"inputs":[{"name":"x","datatype":"FP16","shape":[3],"data":[0.1,-2,65504]}]}',
  );
  expect(outputs[0]?.data).toEqual([0.0999755859375, -2, 65504]);
});

test('a body of bytes alone is as many rows of the only input, and its answer is bytes', async () => {
  const data = Float16Array.of(1, Number.NaN, Infinity);
  const { answer, headers } = await infer('half', new Uint8Array(data.buffer), {
    'inference-header-content-length': '0',
  });
  const length = Number(headers.get('inference-header-content-length'));
  expect(headers.get('content-type')).toBe('application/octet-stream');
  expect(JSON.parse(answer.subarray(0, length).toString())).toMatchObject({
    outputs: [{ name: 'y', datatype: 'FP16', shape: [3], parameters: { binary_data_size: 6 } }],
  });
  expect(answer.subarray(length)).toEqual(Buffer.from(data.buffer));
});

test('an output’s own flag wins over that of the request', async () => {
  const body = (outputs: unknown) =>
    JSON.stringify({
      parameters: { binary_data_output: true },
      inputs: ['carrier', 'origin', 'distance', 'hour'].map((name, index) => {
        return { name, datatype: index < 2 ? 'BYTES' : 'FP32', shape: [1, 1], data: [index < 2 ? 'AA' : 1] };
      }),
      outputs,
    });
  const shown = async (outputs: unknown) => {
    const { answer, headers } = await infer('texts', body(outputs));
    const length = Number(headers.get('inference-header-content-length'));
    const { outputs: found } = JSON.parse(answer.subarray(0, length).toString()) as { outputs: object[] };
    return { found, left: answer.length - length };
  };
  expect(await shown(undefined)).toMatchObject({
    found: [
      { name: 'label', parameters: { binary_data_size: 8 } },
      { name: 'probabilities', parameters: { binary_data_size: 8 } },
    ],
    left: 16,
  });
  expect(await shown([{ name: 'probabilities' }, { name: 'label', parameters: { binary_data: false } }])).toMatchObject(
    {
      found: [
        { name: 'probabilities', parameters: { binary_data_size: 8 } },
        { name: 'label', data: [expect.any(Number)] },
      ],
      left: 8,
    },
  );
});

test.each([
  ['gzip', gzipSync],
  ['deflate', deflateSync],
])('%s requests: the length of the JSON is that before compression', async (encoding, pack) => {
  const json = '{"inputs":[{"name":"x","datatype":"FP16","shape":[2],"parameters":{"binary_data_size":4}}]}';
  const body = pack(Buffer.concat([Buffer.from(json), Buffer.from(Float16Array.of(1, 2).buffer)]));
  const headers = { 'content-encoding': encoding, 'inference-header-content-length': String(json.length) };
  const { answer } = await infer('half', body, headers);
  expect(answer.toString()).toContain('"data":[1,2]');
});

test.each([
  ['gzip', 'gzip'],
  ['deflate', 'deflate'],
  ['br, GZIP;q=0.5, deflate;q=0.2', 'gzip'],
  ['gzip;q=0.2, deflate', 'deflate'],
  ['*', 'gzip'],
  ['gzip;q=0, identity', null],
  ['br', null],
])('answers to Accept-Encoding %s as %s; small ones as they are', async (accepted, encoding) => {
  const ask = async (rows: number) => {
    const data = Array.from({ length: rows }, (_, index) => index);
    const body = JSON.stringify({ inputs: [{ name: 'x', datatype: 'FP16', shape: [rows], data }] });
    const headers = { 'accept-encoding': accepted };
    return await new Promise<{ encoding: string | null; body: Buffer }>((resolve, reject) => {
      const sent = request(`${served.url}/v2/models/half/infer`, { method: 'POST', headers }, (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('end', () =>
          resolve({ encoding: response.headers['content-encoding'] ?? null, body: Buffer.concat(chunks) }),
        );
      });
      sent.on('error', reject).end(body);
    });
  };
  const { encoding: given, body } = await ask(2_000);
  expect(given).toBe(encoding);
  const unpacked = given === 'gzip' ? gunzipSync(body) : given === 'deflate' ? inflateSync(body) : body;
  expect(unpacked.toString()).toMatch(/^\{"model_name":"half".*1999\]\}\]\}$/s);
  expect((await ask(1)).encoding).toBeNull();
});

test('counters of each revision, by model and version too', async () => {
  const stats = async (path: string) =>
    (await (await fetch(`${served.url}/v2/models${path}`)).json()) as {
      model_stats: { name: string; inference_count: number; execution_count: number }[];
    };
  const of = async (name: string) => (await stats('/stats')).model_stats.find((entry) => entry.name === name);
  const before = await of('half');
  await infer('half', '{"inputs":[{"name":"x","datatype":"FP16","shape":[3],"data":[1,2,3]}]}');
  const after = await of('half');
  expect((after?.inference_count ?? 0) - (before?.inference_count ?? 0)).toBe(3);
  expect((after?.execution_count ?? 0) - (before?.execution_count ?? 0)).toBe(1);
  expect(await stats('/half/stats')).toEqual({ model_stats: [after] });
  expect(await stats('/half/versions/1/stats')).toEqual({ model_stats: [after] });
});

test('the repository, whole and only what is ready; the server’s own metadata by either spelling', async () => {
  const post = async (path: string, body?: string) =>
    await (
      await fetch(`${served.url}/v2/repository/${path}`, { method: 'POST', ...(body !== undefined && { body }) })
    ).json();
  const ready = ['sums', 'half', 'all', 'texts'].map((name) => ({ name, version: '1', state: 'READY', reason: '' }));
  expect(await post('index')).toEqual(ready);
  expect(await post('index', '{"ready":true}')).toEqual(ready);
  expect(await post('models/sums/load', '{"parameters":{}}')).toEqual({});
  const server = {
    name: 'capstan',
    version: '1.2.3',
    extensions: ['binary_tensor_data', 'model_repository', 'statistics'],
  };
  expect(await (await fetch(`${served.url}/v2`)).json()).toEqual(server);
  expect(await (await fetch(`${served.url}/v2/`)).json()).toEqual(server);
});
