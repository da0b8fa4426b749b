// The real tritonclient over HTTP, unmodified, against a real data plane with ONNX models deployed.
// open_inference_session.py acts as its users do, this says what they must see.
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { findClientPython, runPython } from '../support/python.ts';
import { emptyFolder } from '../support/server.ts';
import { MODELS, serveModels, type ServedModels } from '../support/served-models.ts';

const INSTALLATION_MS = 20 * 60_000;
const SCRIPT = fileURLToPath(new URL('open_inference_session.py', import.meta.url));
const names = Object.keys(MODELS).toSorted();

let served: ServedModels;
const reports = new Map<string, { readonly saw?: unknown; readonly failed?: string }>();

beforeAll(async () => {
  const python = await findClientPython();
  served = await serveModels();
  const { out, err } = await runPython(python, [SCRIPT, served.servingAddress], { folder: emptyFolder(), env: {} });
  for (const line of out.split('\n').filter(Boolean)) {
    const { scenario, ...report } = JSON.parse(line) as { scenario: string; saw?: unknown; failed?: string };
    reports.set(scenario, report);
  }
  if (reports.size === 0) throw new Error(err);
}, INSTALLATION_MS);

afterAll(() => served?.stop());

function saw(scenario: string): unknown {
  const report = reports.get(scenario);
  if (report?.saw === undefined) throw new Error(report?.failed ?? `${scenario} was not played`);
  return report.saw;
}

test('health of the server, its models and their versions', () => {
  expect(saw('health')).toEqual({
    live: true,
    ready: true,
    model: true,
    version: true,
    'unknown model': false,
    'unknown version': false,
    spaces: false,
  });
});

test('metadata of the server and of models', () => {
  const model = {
    name: 'half-floats',
    versions: ['1'],
    platform: 'onnx_onnxv1',
    inputs: [{ name: 'in_FP16', datatype: 'FP16', shape: [-1, 2] }],
    outputs: [
      { name: 'out_FP16', datatype: 'FP16', shape: [-1, 2] },
      { name: 'probabilities', datatype: 'FP32', shape: [-1, 2] },
    ],
  };
  expect(saw('metadata')).toEqual({
    server: {
      name: 'capstan',
      version: expect.stringMatching(/^\d+\.\d+/),
      extensions: ['binary_tensor_data', 'model_repository', 'statistics'],
    },
    model,
    version: model,
    config: ['404', expect.stringContaining('/v2/models/NAME')],
  });
});

test('every datatype comes back to the bit: as JSON, as bytes, and each half of both', () => {
  expect(saw('as_json')).toEqual({ lost: [] });
  expect(saw('as_bytes')).toEqual({ lost: [], id: 'a request', version: '1', half: 8, all: true });
  expect(saw('mixed')).toEqual({ lost: [], bytes: ['out_BOOL', 'out_FP32', 'out_UINT64'] });
});

test('half floats, NaN and infinities as bytes; JSON, which has no word for them, says null', () => {
  expect(saw('halves')).toEqual({ halves: true, floats: true, 'in JSON': [null, null, -0, 1] });
});

test('gzip and deflate, both ways, of thousands of rows', () => {
  expect(saw('thousands')).toEqual({ unequal: [] });
});

test('what is refused is refused with a status and a reason that the client reads', () => {
  expect(saw('refusals')).toEqual({
    model: ['404', expect.stringContaining('nope')],
    spaces: ['404', expect.stringContaining("'no such model'")],
    version: ['404', expect.stringContaining('one-float/3')],
    input: ['400', expect.stringContaining("'in_FP64' is none that this model takes")],
    shape: ['400', expect.stringContaining('[1, 3]; the model takes [-1, 2]')],
    output: ['400', expect.stringContaining("no output 'out'")],
    classes: ['400', expect.stringContaining('classification')],
    'no UTF-8': ['400', expect.stringContaining("'in_BYTES' has bytes in its value 0 that are no UTF-8 text")],
    'NaN as JSON': ['400', expect.stringContaining('NaN')],
    'shared memory': ['400', expect.stringContaining('shared_memory_region')],
    sequence: ['400', expect.stringContaining('sequence_id')],
    regions: ['404', expect.stringContaining('No route')],
    'own parameters': [[0, 0]],
  });
});

test('the repository lists what is served; loading and unloading change its memory alone', () => {
  expect(saw('repository')).toEqual({
    index: names.map((name) => [name, '1', 'READY']),
    load: ['404', expect.stringContaining('capstan deploy')],
    unloaded: [expect.stringContaining('the next request loads it')],
    ready: true,
    unload: ['404', expect.stringContaining('capstan deploy')],
  });
});

test('statistics count rows and requests', () => {
  expect(saw('statistics')).toEqual({
    rows: 15,
    requests: 3,
    failures: 0,
    time: true,
    last: true,
    models: names,
    unknown: ['404', expect.stringContaining('nope')],
  });
});

test('the client for asyncio, fifty requests at once', () => {
  expect(saw('by_asyncio')).toEqual({ own: 50 });
});
