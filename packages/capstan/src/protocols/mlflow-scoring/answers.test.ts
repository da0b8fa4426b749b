import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { loggedValues, startTestingPlane, type TestingPlane } from '#protocols/testing';

interface Golden {
  readonly what: string;
  readonly model: string;
  readonly type: string;
  readonly body: string | { readonly latin1: string };
  readonly status: number;
  readonly kind: string;
  readonly said: unknown;
}

const folder = new URL('./golden/', import.meta.url);
/** What `mlflow models serve` answered; made by golden/generate.py. */
const golden = JSON.parse(readFileSync(new URL('answers.json', folder), 'utf8')) as Golden[];

/** Where we answer otherwise on purpose, and how. */
const OTHERWISE: Readonly<Record<string, { status: number; says: unknown; why: string }>> = {
  CSV: { status: 200, says: { predictions: expect.anything() }, why: 'MLflow fails on its own signature of tensors' },
  'CSV of one line break each': { status: 200, says: { predictions: expect.anything() }, why: 'as above' },
  'columns as inputs, others too': {
    status: 200,
    says: { predictions: expect.anything() },
    why: 'as it is for tables',
  },
  'a table of records': {
    status: 200,
    says: { predictions: expect.anything() },
    why: 'columns are columns in any form',
  },
  'a matrix for columns': {
    status: 400,
    says: { error_code: 'BAD_REQUEST', message: expect.stringContaining('without column names') },
    why: 'the caller’s mistake is none of the server’s',
  },
  'too few values a row': {
    status: 400,
    says: { error_code: 'BAD_REQUEST', message: expect.stringContaining('[1, 3]; the model takes [-1, 4]') },
    why: 'one code for whatever is wrong with a request',
  },
  'Parquet columns of its types': {
    status: 200,
    says: { predictions: expect.anything() },
    why: 'as below',
  },
  'too few Parquet columns': {
    status: 400,
    says: { error_code: 'BAD_REQUEST', message: expect.stringContaining('[2, 3]; the model takes [-1, 4]') },
    why: 'one code for whatever is wrong with a request',
  },
  'columns of its types': {
    status: 200,
    says: { predictions: expect.anything() },
    why: 'MLflow gives a model of several inputs doubles where it takes floats',
  },
};

/** What MLflow says is wrong with a request, without the request and the library's own words, which are not stable. */
const REASON =
  /Model is missing inputs \[.*\]|Failed to convert column \w+ to type '\w+'|Shape of input .* shape [^.]*/;

interface Answered {
  readonly predictions: Readonly<Record<string, unknown>> | readonly Readonly<Record<string, unknown>>[];
}

function byOutput(predictions: Answered['predictions']) {
  if (!Array.isArray(predictions)) return predictions;
  const rows = predictions as readonly Readonly<Record<string, unknown>>[];
  return Object.fromEntries(Object.keys(rows[0] ?? {}).map((name) => [name, rows.map((row) => row[name])]));
}

let served: TestingPlane;
beforeAll(async () => {
  const model = (name: string) => new URL(`${name}.onnx`, folder);
  const logged = (name: string, onnx: string) => ({ onnx: model(onnx), mlmodel: new URL(`${name}.MLmodel`, folder) });
  served = await startTestingPlane({
    ...Object.fromEntries(['iris', 'named', 'mapped', 'worded'].map((name) => [name, model(name)])),
    table: logged('table', 'mapped'),
    typed: logged('typed', 'named'),
    tensor: logged('tensor', 'iris'),
  });
});
afterAll(() => served?.stop());

async function ask(model: string, type: string | undefined, body: string | Buffer) {
  const response = await fetch(`${served.url}/models/${model}/invocations`, {
    method: 'POST',
    headers: type === undefined ? {} : { 'content-type': type },
    body: new Uint8Array(Buffer.from(body as string)),
  });
  const text = await response.text();
  const kind = response.headers.get('content-type') ?? '';
  return {
    status: response.status,
    kind,
    said: kind.startsWith('application/json') ? (JSON.parse(text) as unknown) : text,
  };
}
const bytesOf = (entry: Golden | undefined): Buffer =>
  typeof entry?.body === 'object' ? Buffer.from(entry.body.latin1, 'latin1') : Buffer.alloc(0);
const json = (value: unknown) => ask('named', 'application/json', JSON.stringify(value));

test.each(golden)('$model, $what: as mlflow models serve', async ({ what, model, type, body, status, kind, said }) => {
  const given = await ask(model, type, typeof body === 'string' ? body : Buffer.from(body.latin1, 'latin1'));
  const otherwise = OTHERWISE[what];
  if (otherwise) {
    expect({ status: given.status, said: given.said }).toEqual({ status: otherwise.status, said: otherwise.says });
    return;
  }
  expect({ status: given.status, kind: given.kind.split(';')[0] }).toEqual({ status, kind: kind.split(';')[0] });
  // Tables are answered with tables there, and with the dictionary of outputs here, whatever was sent.
  if (status === 200) expect(given.said).toEqual({ predictions: byOutput((said as Answered).predictions) });
  else if (status === 400) {
    const { error_code } = said as { error_code: string };
    // One code for whatever is wrong with a request.
    const code = error_code === 'INVALID_PARAMETER_VALUE' ? 'BAD_REQUEST' : error_code;
    const [reason = ''] = REASON.exec((said as { message: string }).message) ?? [];
    // Columns without names are numbers there.
    const expected = reason.replace(/\[(\d[\d, ]*)\]/, (_, names: string) => `['${names.split(', ').join("', '")}']`);
    expect(given.said).toEqual({ error_code: code, message: expect.stringContaining(expected) });
  }
});

test('CSV gives what the same table as JSON gives', async () => {
  const of = (what: string) => golden.find((entry) => entry.what === what);
  const given = await ask('iris', 'text/csv', of('CSV')?.body as string);
  expect(given.said).toEqual(of('a split table')?.said);
});

test('Parquet gives what the same table as JSON gives', async () => {
  const of = (what: string) => golden.find((entry) => entry.what === what);
  const body = (what: string) => bytesOf(of(what));
  for (const type of ['application/vnd.apache.parquet', 'application/x-parquet; charset=utf-8']) {
    expect((await ask('iris', type, body('Parquet'))).said).toEqual(of('a split table')?.said);
    const json = await ask('typed', 'application/json', of('columns of its types')?.body as string);
    expect(json.status).toBe(200);
    expect((await ask('typed', type, body('Parquet columns of its types'))).said).toEqual(json.said);
  }
});

test('CSV by column: quotes, missing values, booleans, others beside, order free', async () => {
  const csv = '\ufefflate,other,carrier,seats,age\nTrue,1,"a ""b"", c",3,\nfalse,,UA,9007199254740993,1e-3\n\n';
  expect(await ask('named', 'text/csv', csv)).toMatchObject({ status: 200 });
  const [record] = await served.logged().then((lines) => lines.slice(-1));
  const logged = Object.fromEntries((record?.inputs ?? []).map((column) => [column.name, loggedValues(column)]));
  expect(logged).toEqual({
    age: [null, Math.fround(0.001)],
    seats: [3, '9007199254740993'],
    carrier: ['a "b", c', 'UA'],
    late: [true, false],
  });
});

test('64-bit integers are exact in JSON too', async () => {
  const body = '{"inputs":{"age":[1],"seats":[-9223372036854775808],"carrier":["UA"],"late":[true]}}';
  const response = await fetch(`${served.url}/models/named/invocations`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body,
  });
  expect(await response.text()).toContain('"seats_out":[-9223372036854775808]');
});

describe('refused by name', () => {
  const columns = { age: [1, 2], seats: [3, 4], carrier: ['UA', 'AA'], late: [true, false] };
  test.each([
    ['a word', { ...columns, age: [1, 'x'] }, /'age' has "x"/],
    ['a missing whole number', { ...columns, seats: [1, null] }, /column 'seats' has a missing value/],
    ['a missing text', { ...columns, carrier: [null, 'UA'] }, /column 'carrier' has a missing value/],
    ['a column less', { ...columns, seats: undefined }, /missing inputs: \['seats'\]/],
    ['a shorter column', { ...columns, late: [true] }, /'late' has 1 rows/],
    ['no list', { ...columns, age: 3 }, /column 'age' is not a list/],
    ['a fraction', { ...columns, seats: [1, 2.5] }, /'seats' has 2.5/],
    ['a list in a column', { ...columns, seats: [1, [2]] }, /'seats' has a list/],
  ])('%s', async (_, inputs, says) => {
    expect(await json({ inputs })).toMatchObject({
      status: 400,
      said: { error_code: 'BAD_REQUEST', message: expect.stringMatching(says) },
    });
  });

  test.each([
    ['a longer row', 'a,b\n1,2,3\n', /Row 1 of the CSV has 3 values/],
    ['a column twice', 'age,age\n1,2\n', /'age' twice/],
    ['an open quote', 'age,seats\n"1,2\n', /parse input as CSV/],
    ['nothing', '', /CSV is empty/],
    ['a header alone', 'age,seats,carrier,late\n', /0 rows/],
  ])('CSV with %s', async (_, csv, says) => {
    expect(await ask('named', 'text/csv', csv)).toMatchObject({
      status: 400,
      said: { error_code: 'BAD_REQUEST', message: expect.stringMatching(says) },
    });
  });

  test.each([
    [
      'a split row of another length',
      { dataframe_split: { columns: ['age'], data: [[1, 2]] } },
      /data\[0\] has 2 values; there are 1/,
    ],
    ['columns that are no list', { dataframe_split: { columns: 'age', data: [[1]] } }, /columns is not a list/],
  ])('%s', async (_, body, says) => {
    expect(await json(body)).toMatchObject({ status: 400, said: { message: expect.stringMatching(says) } });
  });

  test('NaN, which JSON has not', async () => {
    const { status, said } = await ask('iris', 'application/json', '{"inputs": [[NaN, 1, 2, 3]]}');
    expect({ status, said }).toEqual({
      status: 400,
      said: { error_code: 'BAD_REQUEST', message: expect.stringContaining('send null') },
    });
  });

  test('no type at all and others, with what is taken', async () => {
    const taken = expect.stringMatching(/text\/csv, application\/json, application\/vnd\.apache\.parquet/);
    expect(await ask('iris', undefined, '{}')).toMatchObject({ status: 415, kind: 'text/plain', said: taken });
    expect(await ask('iris', 'application/parquet', '{}')).toMatchObject({ status: 415, said: taken });
  });

  test('Parquet by the column that is wrong, or as what it is', async () => {
    const said = async (what: string) => {
      const entry = golden.find((one) => one.what === what);
      const answer = await ask(entry?.model ?? '', 'application/vnd.apache.parquet', bytesOf(entry));
      expect(answer.status).toBe(400);
      return (answer.said as { message: string }).message;
    };
    expect(await said('a Parquet word in its column of numbers')).toContain('convert column c to type');
    expect(await said('a Parquet word in its column of numbers')).toContain('row 2 has "x"');
    expect(await said('a missing whole number in Parquet')).toContain('convert column seats');
    expect(await said('a Parquet column less than its own')).toContain("missing inputs ['c']");
    expect(await said('Parquet that is cut off')).toContain('its end is missing, or it is no Parquet file');
    expect(await said('Parquet that is none')).toContain('no Parquet file');
  });

  test('a deployment that there is not, and which of several', async () => {
    expect(await ask('no such', 'application/json', '{}')).toMatchObject({
      status: 404,
      said: { error_code: 'RESOURCE_DOES_NOT_EXIST', message: expect.stringContaining("'no such'") },
    });
    const response = await fetch(`${served.url}/invocations`, { method: 'POST', body: '{}' });
    expect(await response.json()).toMatchObject({ message: expect.stringContaining('/models/NAME/invocations') });
  });
});

test.each([
  ['/ping', '\n'],
  ['/health', '\n'],
  ['/version', '1.2.3'],
])('%s', async (path, body) => {
  const response = await fetch(served.url + path);
  expect({ status: response.status, body: await response.text() }).toEqual({ status: 200, body });
});
