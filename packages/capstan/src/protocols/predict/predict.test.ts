import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { loggedIds, startTestingPlane, type TestingPlane } from '#protocols/testing';

interface GoldenTensor {
  readonly name: string;
  readonly shape: readonly number[];
  readonly data: readonly (number | string)[];
}

const golden = JSON.parse(
  readFileSync(new URL('../../adapters/runtime-onnx/golden/columns.json', import.meta.url), 'utf8'),
) as { inputs: GoldenTensor[]; outputs: GoldenTensor[] };
const flights = [0, 1, 2, 3].map((row) => Object.fromEntries(golden.inputs.map(({ name, data }) => [name, data[row]])));

let served: TestingPlane;
beforeAll(async () => {
  served = await startTestingPlane({
    flights: 'columns',
    sum: 'two-inputs',
    kinds: 'datatypes',
    iris: 'zipmap-logistic',
  });
});
afterAll(() => served?.stop());

async function ask(deployment: string, body: unknown, type = 'application/json') {
  const response = await fetch(`${served.url}/models/${deployment}/predict`, {
    method: 'POST',
    headers: { 'content-type': type },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });
  const text = await response.text();
  return { status: response.status, type: response.headers.get('content-type'), text, said: JSON.parse(text) };
}

test('rows by column, as scikit-learn answers them', async () => {
  const { status, said } = await ask('flights', { rows: flights });
  expect(status).toBe(200);
  const [labels, probabilities] = golden.outputs.map(({ data }) => data.map(Number));
  expect(said).toEqual({
    predictions: flights.map((_, row) => ({
      id: expect.stringMatching(new RegExp(`^[0-9a-f-]{36}-${row}$`)),
      revision: 1,
      outputs: {
        label: labels?.[row],
        probabilities: [0, 1].map((column) => expect.closeTo(probabilities?.[row * 2 + column] ?? Number.NaN, 5)),
      },
    })),
  });
  const [record] = await served.logged().then((lines) => lines.slice(-1));
  expect(record && loggedIds(record)).toEqual(said.predictions.map(({ id }: { id: string }) => id));
  expect(record?.inputs?.[0]).toMatchObject({ name: 'carrier', data: golden.inputs[0]?.data });
});

test('one row by itself', async () => {
  const { said } = await ask('flights', flights[1]);
  expect(said.predictions).toEqual([expect.objectContaining({ outputs: expect.objectContaining({ label: 1 }) })]);
});

test('several values a row are a list, in and out; one needs no list', async () => {
  const rows = [
    { features: [1, 2, 3], offset: 10 },
    { offset: [20], features: [-1, 0.5, 4] },
  ];
  const { said } = await ask('sum', { rows });
  expect(said.predictions.map((prediction: { outputs: unknown }) => prediction.outputs)).toEqual([
    { sum: 14 },
    { sum: 26.875 },
  ]);
});

test('classes by their names where the model names them', async () => {
  const { said } = await ask('iris', { X: [5.1, 3.5, 1.4, 0.2] });
  expect(said.predictions[0].outputs).toEqual({
    output_label: 0,
    output_probability: {
      0: expect.closeTo(0.9816, 3),
      1: expect.closeTo(0.0184, 3),
      2: expect.closeTo(0, 3),
    },
  });
});

const KINDS = {
  in_FP32: 1.5,
  in_FP64: null,
  in_BOOL: true,
  in_BYTES: 'Zürich',
  in_UINT8: 255,
  in_INT8: -128,
  in_INT16: 3,
  in_UINT16: 3,
  in_INT32: 3,
  in_UINT32: 3,
};

test('every datatype; 64-bit integers are exact, a missing float is null', async () => {
  const exact = '"in_INT64":-9223372036854775808,"in_UINT64":18446744073709551615';
  const { text, said } = await ask('kinds', `${JSON.stringify(KINDS).slice(0, -1)},${exact}}`);
  expect(said.predictions[0].outputs).toMatchObject(
    Object.fromEntries(Object.entries(KINDS).map(([name, value]) => [name.replace('in_', 'out_'), value])),
  );
  expect(text).toContain('"out_INT64":-9223372036854775808');
  expect(text).toContain('"out_UINT64":18446744073709551615');
});

describe('refused as a problem that names the column', () => {
  const [first, second] = flights;
  test.each([
    ['a text for a number', { rows: [first, { ...second, hour: '21' }] }, 'hour', /rows\[1\].*'hour' has "21"/],
    ['a number for a text', { ...first, carrier: 3 }, 'carrier', /has 3 where a text is needed/],
    ['null for a text', { ...first, carrier: null }, 'carrier', /has null where a text/],
    ['a list for one value', { rows: [first, { ...second, hour: [1, 2] }] }, 'hour', /rows\[1\] is not one value/],
    ['an object for a value', { ...first, hour: { a: 1 } }, 'hour', /has an object/],
    ['a column less', { rows: [first, { ...second, hour: undefined }] }, 'hour', /'hour' is missing in rows\[1\]/],
    ['a column of that spelling', { ...first, houre: 3 }, 'houre', /none that this model takes/],
    ['a name that every object has', { ...first, constructor: 3 }, 'constructor', /none that this model takes/],
    ['members beside the rows', { rows: flights, hour: 3 }, 'hour', /beside the rows/],
    ['no rows', { rows: [] }, 'rows', /not a list of rows/],
    ['a row that is none', { rows: [first, [1, 2]] }, 'rows[1]', /rows\[1\] is not an object/],
    ['a list alone', flights, 'body', /not a JSON object/],
    ['what is no JSON', '{"hour": NaN}', 'body', /parse input from JSON/],
  ])('%s', async (_, body, field, detail) => {
    const { status, type, said } = await ask('flights', body);
    expect({ status, type }).toEqual({ status: 400, type: 'application/problem+json; charset=utf-8' });
    expect(said).toMatchObject({ code: 'INVALID_ARGUMENT', field, detail: expect.stringMatching(detail) });
  });

  test('a list that is too short, with what is taken', async () => {
    expect(await ask('sum', { features: [1, 2], offset: 1 })).toMatchObject({
      status: 400,
      said: { field: 'features', detail: expect.stringContaining('is not a list of 3 values') },
    });
  });

  test('another content type, and a deployment that there is not', async () => {
    expect(await ask('flights', flights[0], 'text/plain')).toMatchObject({ status: 415 });
    expect(await ask('no such', {})).toMatchObject({ status: 404, said: { code: 'NOT_FOUND' } });
  });

  test('the misspelt column with the one that is meant', async () => {
    const { said } = await ask('flights', { ...flights[0], houre: 3 });
    expect(said.hint).toBe("Did you mean 'hour'?");
  });
});
