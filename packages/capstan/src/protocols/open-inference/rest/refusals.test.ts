import { request as httpRequest } from 'node:http';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startTestingPlane, type TestingPlane } from '#protocols/testing';

let served: TestingPlane;
beforeAll(async () => {
  served = await startTestingPlane({
    sums: 'two-inputs',
    'any-types': 'datatypes',
    half: 'half',
  });
});
afterAll(() => served?.stop());

interface Sent {
  readonly path?: string;
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Buffer;
}

/** By node:http, which sends what it is told. */
function send({ path = '/v2/models/sums/infer', method = 'POST', headers = {}, body }: Sent) {
  return new Promise<{ status: number; text: string }>((resolve, reject) => {
    const sent = httpRequest(`${served.url}${path}`, { method, headers }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () => resolve({ status: response.statusCode ?? 0, text: Buffer.concat(chunks).toString() }));
    });
    sent.on('error', reject);
    sent.end(body);
  });
}

const features = { name: 'features', datatype: 'FP32', shape: [2, 3], data: [1, 2, 3, 4, 5, 6] };
const offset = { name: 'offset', datatype: 'FP32', shape: [2, 1], data: [10, 20] };
type Members = Readonly<Record<string, unknown>>;
/** Features with other members; the rest of the request is right. */
const withFeatures = (members: Members, rest: Members = {}) =>
  JSON.stringify({ inputs: [{ ...features, ...members }, offset], ...rest });
const rest = (members: Members) => JSON.stringify({ inputs: [features, offset], ...members });
/** Features as bytes behind the JSON, offset in it. */
function binary(members: Members, bytes: Buffer, length?: string): Sent {
  const { data: _, ...head } = features;
  const json = JSON.stringify({ inputs: [{ ...head, ...members }, offset] });
  const headers = { 'inference-header-content-length': length ?? String(json.length) };
  return { headers, body: Buffer.concat([Buffer.from(json), bytes]) };
}
const sized = (size: unknown) => ({ parameters: { binary_data_size: size } });
const floats = (count: number) => Buffer.alloc(count * 4);
const any = (datatype: string, data: string, shape = '[1]') => ({
  path: '/v2/models/any-types/infer',
  body: `{"inputs":[{"name":"in_${datatype}","datatype":"${datatype}","shape":${shape},"data":${data}}]}`,
});
const deep = (depth: number) => '['.repeat(depth) + ']'.repeat(depth);
/** Enough numbers that they are read apart. */
const many = (last: string) => `[${'1.5,'.repeat(400)}${last}]`;
const manyIn = (datatype: string, last: string) => any(datatype, many(last), '[401]');

const BAD: readonly [what: string, status: number, says: RegExp, sent: Sent][] = [
  ['no JSON', 400, /not JSON/, { body: 'inputs=1' }],
  ['an empty body', 400, /not JSON/, { body: '' }],
  ['a list', 400, /not a JSON object/, { body: '[]' }],
  ['null', 400, /not a JSON object/, { body: 'null' }],
  ['JSON that ends early', 400, /not JSON/, { body: rest({}).slice(0, -4) }],
  ['bytes that are no UTF-8', 400, /UTF-8/, { body: Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x7d]) }],
  ['an id that is no text', 400, /id is not a text/, { body: rest({ id: 7 }) }],
  ['no inputs', 400, /inputs is missing/, { body: '{}' }],
  ['an empty list of inputs', 400, /inputs is missing/, { body: '{"inputs":[]}' }],
  ['an input that is no object', 400, /inputs\[0\] is not a tensor/, { body: '{"inputs":[1]}' }],
  ['an input without a name', 400, /inputs\[0\].name is missing/, { body: withFeatures({ name: undefined }) }],
  ['a name that is a number', 400, /inputs\[0\].name is missing/, { body: withFeatures({ name: 3 }) }],
  ['an unknown input', 400, /'feature'.*Did you mean 'features'/, { body: withFeatures({ name: 'feature' }) }],
  [
    'an input given twice',
    400,
    /'features' is given twice/,
    { body: JSON.stringify({ inputs: [features, features, offset] }) },
  ],
  ['an input that is missing', 400, /'offset' is missing/, { body: JSON.stringify({ inputs: [features] }) }],
  ['no datatype', 400, /datatype of 'features' is missing/, { body: withFeatures({ datatype: undefined }) }],
  ['an unknown datatype', 400, /'FP8'/, { body: withFeatures({ datatype: 'FP8' }) }],
  [
    'a datatype nested deep',
    400,
    /datatype of 'features'/,
    { body: `{"inputs":[{"name":"features","datatype":${deep(100_000)}}]}` },
  ],
  [
    'another datatype than the model takes',
    400,
    /'features' is FP64; the model takes FP32/,
    { body: withFeatures({ datatype: 'FP64' }) },
  ],
  ['no shape', 400, /'features' has no shape/, { body: withFeatures({ shape: undefined }) }],
  ['an empty shape', 400, /has 6 values; its shape \[\] holds 1/, { body: withFeatures({ shape: [] }) }],
  ['a negative size', 400, /'features' has -1/, { body: withFeatures({ shape: [-1, 3] }) }],
  ['a size with a fraction', 400, /'features' has 1.5/, { body: withFeatures({ shape: [1.5, 4] }) }],
  ['a size that is text', 400, /'features' has no number/, { body: withFeatures({ shape: ['2', 3] }) }],
  ['a size beyond all integers', 400, /'features' has 1e\+30/, { body: withFeatures({ shape: [1e30, 3] }) }],
  [
    'sizes whose product overflows',
    400,
    /'features' has 6 values/,
    { body: withFeatures({ shape: [2 ** 32, 2 ** 32, 2 ** 31] }) },
  ],
  [
    'sizes whose product overflows to 0',
    400,
    /'features'/,
    { body: withFeatures({ shape: [2 ** 52, 2 ** 52, 0], data: [] }) },
  ],
  ['too many dimensions', 400, /9 dimensions/, { body: withFeatures({ shape: [1, 1, 1, 1, 1, 1, 1, 2, 3] }) }],
  ['a rank the model does not take', 400, /\[6\]; the model takes \[-1, 3\]/, { body: withFeatures({ shape: [6] }) }],
  [
    'a size the model does not take',
    400,
    /\[3, 2\]; the model takes \[-1, 3\]/,
    { body: withFeatures({ shape: [3, 2] }) },
  ],
  [
    'other rows than the other input',
    400,
    /'offset' has 2 rows, 'features' has 1/,
    { body: withFeatures({ shape: [1, 3], data: [1, 2, 3] }) },
  ],
  [
    'no rows',
    400,
    /0 rows/,
    {
      body: JSON.stringify({
        inputs: [
          { ...features, shape: [0, 3], data: [] },
          { ...offset, shape: [0, 1], data: [] },
        ],
      }),
    },
  ],
  ['fewer values than the shape', 400, /'features' has 5 values/, { body: withFeatures({ data: [1, 2, 3, 4, 5] }) }],
  ['no data', 400, /'features' has no data/, { body: withFeatures({ data: undefined }) }],
  ['data that is no list', 400, /'features' has no data/, { body: withFeatures({ data: { 0: 1 } }) }],
  [
    'data of unequal rows',
    400,
    /'features' has rows of unequal length/,
    {
      body: withFeatures({
        data: [
          [1, 2, 3],
          [4, 5],
        ],
      }),
    },
  ],
  [
    'data nested in another way',
    400,
    /'features' is nested as \[3, 2\]/,
    {
      body: withFeatures({
        data: [
          [1, 2],
          [3, 4],
          [5, 6],
        ],
      }),
    },
  ],
  [
    'data half nested',
    400,
    /'features' has (a list|rows of unequal length)/,
    { body: withFeatures({ data: [1, 2, 3, 4, 5, [6]] }) },
  ],
  [
    'data nested beyond any shape',
    400,
    /'features' is nested too deep/,
    { body: `{"inputs":[{"name":"features","datatype":"FP32","shape":[1,3],"data":${deep(5_000)}}]}` },
  ],
  [
    'a text where a number is needed',
    400,
    /'features' has "6"/,
    { body: withFeatures({ data: [1, 2, 3, 4, 5, '6'] }) },
  ],
  ['a bare NaN', 400, /NaN or Infinity.*binary/, { body: withFeatures({}).replace('6]', 'NaN]') }],
  ['a bare Infinity', 400, /NaN or Infinity.*binary/, { body: withFeatures({}).replace('6]', '-Infinity]') }],
  ['a number beyond FP32', 400, /'features' has 1e\+39/, { body: withFeatures({ data: [1, 2, 3, 4, 5, 1e39] }) }],
  ['a number beyond doubles', 400, /'features' has Infinity/, { body: withFeatures({}).replace('6]', '1e999]') }],
  [
    'parameters that are a list',
    400,
    /inputs\[0\].parameters is not an object/,
    { body: withFeatures({ parameters: [] }) },
  ],
  [
    'shared memory',
    400,
    /'features' asks for shared_memory_region/,
    { body: withFeatures({ parameters: { shared_memory_region: 'r' } }) },
  ],
  [
    'classification',
    400,
    /'sum' asks for classification/,
    { body: rest({ outputs: [{ name: 'sum', parameters: { classification: 2 } }] }) },
  ],
  ['a sequence', 400, /The request asks for sequence_id/, { body: rest({ parameters: { sequence_id: 3 } }) }],
  ['outputs that are no list', 400, /outputs is not a list/, { body: rest({ outputs: 'sum' }) }],
  ['an output without a name', 400, /outputs\[0\].name is missing/, { body: rest({ outputs: [{}] }) }],
  ['an unknown output', 400, /no output 'sun'.*Did you mean 'sum'/, { body: rest({ outputs: [{ name: 'sun' }] }) }],
  [
    'an output asked for twice',
    400,
    /'sum' is asked for twice/,
    { body: rest({ outputs: [{ name: 'sum' }, { name: 'sum' }] }) },
  ],
  [
    'a flag that is none',
    400,
    /binary_data_output is neither/,
    { body: rest({ parameters: { binary_data_output: 'yes' } }) },
  ],

  ['a timeout that is none', 400, /timeout is no number/, { body: rest({ parameters: { timeout: 'soon' } }) }],

  ['BOOL of 2', 400, /'in_BOOL' has 2/, any('BOOL', '[2]')],
  ['BOOL of text', 400, /'in_BOOL' has "true"/, any('BOOL', '["true"]')],
  ['INT8 beyond its range', 400, /'in_INT8' has 128/, any('INT8', '[128]')],
  ['UINT8 below zero', 400, /'in_UINT8' has -1/, any('UINT8', '[-1]')],
  ['INT32 with a fraction', 400, /'in_INT32' has 1.5/, any('INT32', '[1.5]')],
  ['INT32 of null', 400, /'in_INT32' has null/, any('INT32', '[null]')],
  ['INT64 beyond its range', 400, /'in_INT64' has 9223372036854775808 /, any('INT64', '[9223372036854775808]')],
  ['INT64 beyond all ranges', 400, /'in_INT64' has 1e\+300/, any('INT64', '[1e300]')],
  ['UINT64 beyond its range', 400, /'in_UINT64' has 18446744073709551616 /, any('UINT64', '[18446744073709551616]')],
  ['UINT64 below zero', 400, /'in_UINT64' has -1/, any('UINT64', '[-1]')],
  ['BYTES of a number', 400, /'in_BYTES' has 1 where a text/, any('BYTES', '[1]')],
  ['BYTES of half a character', 400, /lone surrogates/, any('BYTES', String.raw`["\ud800"]`)],
  ['many with a text', 400, /'in_FP64' has "1"/, manyIn('FP64', '"1"')],
  ['many with NaN', 400, /NaN or Infinity/, manyIn('FP64', 'NaN')],
  ['many with one beyond FP32', 400, /'in_FP32' has 1e\+39, which FP32 cannot hold/, manyIn('FP32', '1e39')],
  ['many with a fraction', 400, /'in_INT16' has 1.5/, manyIn('INT16', '1.5')],
  ['many with a list', 400, /'in_FP64' has (a list|rows)/, manyIn('FP64', '[1]')],
  ['many that end early', 400, /not JSON/, { ...manyIn('FP64', '1'), body: manyIn('FP64', '1').body.slice(0, -20) }],
  ['many, and one too few', 400, /'in_FP64' has 401 values/, any('FP64', many('1'), '[402]')],
  ['many as BOOL', 400, /'in_BOOL' has 1.5/, manyIn('BOOL', '1')],
  ['many as BYTES', 400, /'in_BYTES' has 1.5/, manyIn('BYTES', '1')],
  [
    'half a float too large',
    400,
    /'x' has 70000/,
    { path: '/v2/models/half/infer', body: '{"inputs":[{"name":"x","datatype":"FP16","shape":[1],"data":[70000]}]}' },
  ],

  ['a header length that is no number', 400, /'12x'/, binary(sized(24), floats(6), '12x')],
  ['a negative header length', 400, /'-1'/, binary(sized(24), floats(6), '-1')],
  ['a header length beyond the body', 400, /is 100000, but the body has/, binary(sized(24), floats(6), '100000')],
  ['a header length beyond all integers', 400, /no length/, binary(sized(24), floats(6), '9'.repeat(30))],
  ['a header length into the JSON', 400, /not JSON/, binary(sized(24), floats(6), '20')],
  [
    'a header length into the bytes',
    400,
    /not JSON|UTF-8/,
    {
      ...binary(sized(24), floats(6)),
      headers: { 'inference-header-content-length': String(JSON.stringify({}).length + 140) },
    },
  ],
  ['bytes that are cut off', 400, /'features' is cut off: it has 20 of 24/, binary(sized(24), floats(5))],
  ['bytes too many', 400, /4 bytes more/, binary(sized(24), floats(7))],
  ['a size that does not fit the shape', 400, /'features' has 20 bytes/, binary(sized(20), floats(5))],
  ['a negative binary size', 400, /binary_data_size of 'features'/, binary(sized(-24), floats(6))],
  ['a binary size that is text', 400, /binary_data_size of 'features'/, binary(sized('24'), floats(6))],
  ['a huge binary size', 400, /'features' is cut off/, binary(sized(2 ** 52), floats(6))],
  [
    'both data and bytes',
    400,
    /both data and binary_data_size/,
    binary({ ...sized(24), data: features.data }, floats(6)),
  ],
  [
    'bytes without the header',
    400,
    /no Inference-Header-Content-Length/,
    { body: withFeatures({ data: undefined, ...sized(24) }) },
  ],
  [
    'sizes whose product overflows, in bytes',
    400,
    /'features' has 24 bytes/,
    binary({ ...sized(24), shape: [2 ** 50, 2 ** 50] }, floats(6)),
  ],
  [
    'bytes alone for two inputs',
    400,
    /fits a model of one input; this one has 2/,
    { headers: { 'inference-header-content-length': '0' }, body: floats(6) },
  ],
  [
    'bytes alone that are no whole row',
    400,
    /1.5 values, which is no shape \[-1\] of 'x'/,
    { path: '/v2/models/half/infer', headers: { 'inference-header-content-length': '0' }, body: Buffer.alloc(3) },
  ],

  ['a compression that is not taken', 415, /'br'/, { headers: { 'content-encoding': 'br' }, body: rest({}) }],
  ['what is no gzip', 400, /not gzip/, { headers: { 'content-encoding': 'gzip' }, body: rest({}) }],
  ['what is no deflate', 400, /not deflate/, { headers: { 'content-encoding': 'deflate' }, body: rest({}) }],
  [
    'gzip that ends early',
    400,
    /not gzip/,
    { headers: { 'content-encoding': 'gzip' }, body: gzipSync(rest({})).subarray(0, 40) },
  ],
  [
    'a bomb',
    413,
    /unpacks to more than/,
    { headers: { 'content-encoding': 'gzip' }, body: gzipSync(Buffer.alloc(100_000_000)) },
  ],
  ['a body that is too large', 413, /larger than/, { headers: { 'content-length': '99999999' }, body: '' }],

  ['an unknown model', 404, /nope/, { path: '/v2/models/nope/infer', body: rest({}) }],
  ['an unknown model with spaces and slashes', 404, /a b\/c/, { path: '/v2/models/a%20b%2Fc/infer', body: rest({}) }],
  ['a model with bare slashes', 404, /No route/, { path: '/v2/models/a/b/infer', body: rest({}) }],
  ['a name that is badly encoded', 400, /.+/, { path: '/v2/models/%zz/infer', body: rest({}) }],
  ['an unknown version', 404, /version 'sums\/7'/, { path: '/v2/models/sums/versions/7/infer', body: rest({}) }],
  ['a version that is no number', 404, /sums\/one/, { path: '/v2/models/sums/versions/one/infer', body: rest({}) }],
  ['a version written oddly', 404, /sums\/0x1/, { path: '/v2/models/sums/versions/0x1/infer', body: rest({}) }],
  ['metadata of an unknown model', 404, /nope/, { method: 'GET', path: '/v2/models/nope' }],
  ['metadata of an unknown version', 404, /sums\/2/, { method: 'GET', path: '/v2/models/sums/versions/2' }],
  ['readiness of an unknown model', 404, /nope/, { method: 'GET', path: '/v2/models/nope/ready' }],
  ['statistics of an unknown model', 404, /nope/, { method: 'GET', path: '/v2/models/nope/stats' }],
  ['statistics of an unknown version', 404, /sums\/2/, { method: 'GET', path: '/v2/models/sums/versions/2/stats' }],
  ['a configuration', 404, /configuration/, { method: 'GET', path: '/v2/models/sums/config' }],
  ['a path that there is not', 404, /No route/, { method: 'GET', path: '/v2/cudasharedmemory/status' }],
  ['inference by GET', 404, /No route/, { method: 'GET' }],
  ['loading what is not declared', 404, /nope.*capstan deploy/, { path: '/v2/repository/models/nope/load' }],
  ['unloading what is not declared', 404, /nope/, { path: '/v2/repository/models/nope/unload' }],
  ['an index by a list', 400, /not a JSON object/, { path: '/v2/repository/index', body: '[]' }],
  ['an index by no flag', 400, /ready is neither/, { path: '/v2/repository/index', body: '{"ready":1}' }],
];

describe('refused with the code and an error that says what is wrong', () => {
  test.each(BAD)('%s', async (_, status, says, sent) => {
    const { status: given, text } = await send(sent);
    expect({ given, text }).toEqual({ given: status, text: expect.stringMatching(/^\{"error":".*"\}$/s) });
    expect((JSON.parse(text) as { error: string }).error).toMatch(says);
  });

  test('what the library cannot take is the caller’s to hear', async () => {
    const { path } = any('BYTES', '[]');
    const types = ['BOOL', 'UINT8', 'INT8', 'INT16', 'INT32', 'INT64', 'UINT16', 'UINT32', 'UINT64', 'FP32', 'FP64'];
    const one = (type: string, data: unknown) => ({ name: `in_${type}`, datatype: type, shape: [1], data: [data] });
    const inputs = [...types.map((type) => one(type, type === 'BOOL' ? true : 1)), one('BYTES', 'a\0b')];
    const { status, text } = await send({ path, body: JSON.stringify({ inputs }) });
    expect({ status, text }).toEqual({
      status: 400,
      text: expect.stringContaining("'in_BYTES' holds text with a NUL"),
    });
  });

  test('a caller that waits for a microsecond is told that time is over, or that there is none', async () => {
    const { status, text } = await send({ body: rest({ parameters: { timeout: 1 } }) });
    expect({ status, text }).toEqual({
      status: expect.toSatisfy((code) => code === 429 || code === 504),
      text: expect.stringMatching(/^\{"error":".*deadline.*"\}$/),
    });
  });

  test('the server answers as before, and has logged none of them', async () => {
    const { status, text } = await send({ body: rest({}) });
    expect(status).toBe(200);
    expect(JSON.parse(text)).toMatchObject({ outputs: [{ name: 'sum', shape: [2, 1], data: [14, 27.75] }] });
    const lines = await served.logged();
    // The one that the model itself refused is an answer of it.
    expect(lines.map(({ deployment, parts }) => [deployment, parts[0]?.error === null])).toEqual([
      ['any-types', false],
      ['sums', true],
    ]);
  });
});
