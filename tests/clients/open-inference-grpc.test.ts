// The Open Inference Protocol over gRPC by its real clients: tritonclient, KServe's, and those of health and reflection.
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { findKserve, runPython } from '../support/python.ts';
import { emptyFolder } from '../support/server.ts';
import { serveModels, type ServedModels } from '../support/served-models.ts';

const INSTALLATION_MS = 10 * 60_000;
const MAX_MESSAGE_BYTES = 32 * 2 ** 20;

let server: ServedModels;
let reports: readonly { readonly scenario: string; readonly saw?: unknown; readonly failed?: string }[];
let kserve: Record<'grpc' | 'rest', Record<string, unknown>>;

beforeAll(async () => {
  const python = await findKserve();
  server = await serveModels(undefined, ['--grpc-message-bytes', String(MAX_MESSAGE_BYTES)]);
  const status = await fetch(`${server.servingUrl}/api/v1/serving/status`);
  const { grpcAddress } = (await status.json()) as { grpcAddress: string };
  const played = async (script: string): Promise<string> => {
    const path = fileURLToPath(new URL(script, import.meta.url));
    const args = [path, grpcAddress, server.servingUrl];
    const { code, out, err } = await runPython(python, args, { folder: emptyFolder(), env: {} });
    if (code !== 0) throw new Error(err);
    return out;
  };
  const lines = (await played('open_inference_grpc_session.py')).trim().split('\n');
  reports = lines.map((line) => JSON.parse(line) as (typeof reports)[number]);
  kserve = JSON.parse(await played('kserve_session.py')) as typeof kserve;
}, INSTALLATION_MS);

afterAll(async () => {
  await server?.stop();
});

function sawIn(scenario: string): unknown {
  const report = reports.find((entry) => entry.scenario === scenario);
  if (report?.failed !== undefined) throw new Error(report.failed);
  return report?.saw;
}

test('health, metadata and the repository', () => {
  const models = ['columns', 'every-datatype', 'half-floats', 'one-float'];
  expect(sawIn('health_and_metadata')).toMatchObject({
    live: true,
    ready: true,
    models: [true, true],
    unknown: ['NOT_FOUND', expect.stringContaining("No model 'colums'")],
    'unknown version': ['NOT_FOUND', "No version 'columns/9'. It has: 1"],
    server: 'capstan',
    platform: 'onnx_onnxv1',
    versions: ['1'],
    inputs: expect.arrayContaining([
      ['carrier', 'BYTES', [-1, 1]],
      ['distance', 'FP32', [-1, 1]],
    ]),
    outputs: [
      ['label', 'INT64', [-1]],
      ['probabilities', 'FP32', [-1, 2]],
    ],
    index: models.map((name) => [name, '1', 'READY']),
  });
});

test('every datatype comes back to the bit, raw or in typed contents, compressed or not', () => {
  expect(sawIn('raw_values')).toEqual({
    None: [],
    gzip: [],
    deflate: [],
    FP16: true,
    asked: ['out_INT8'],
    id: 'é',
    version: '1',
    parameters: { prediction_ids: 'string_param', revision: 'int64_param', route: 'string_param' },
    ids: 2,
    route: 'champion',
  });
  expect(sawIn('typed_values')).toEqual([]);
});

test('what is wrong with a request is said with the status for it', () => {
  const invalid = (text: string) => ['INVALID_ARGUMENT', expect.stringContaining(text)];
  expect(sawIn('refusals')).toEqual({
    model: ['NOT_FOUND', expect.stringContaining("No model 'no-float'")],
    version: ['NOT_FOUND', "No version 'one-float/7'. It has: 1"],
    'no number': ['NOT_FOUND', expect.stringContaining('Versions are the numbers of revisions')],
    name: invalid("Did you mean 'in_FP32'?"),
    datatype: invalid("The input 'in_FP32' is FP64; the model takes FP32"),
    shape: invalid('has the shape [1, 3]; the model takes [-1, 2]'),
    'no rows': invalid('has 0 rows'),
    twice: invalid('is given twice'),
    output: invalid("The model has no output 'nothing'"),
    classes: invalid('asks for classification'),
    both: invalid('raw_input_contents too'),
    'too many': invalid('There are 2 raw_input_contents for 1 inputs'),
    short: invalid('has 3 bytes; 2 values of FP32 are 8'),
    nothing: invalid('has 0 fp32_contents; its shape holds 2'),
    garbage: invalid('The message is no ModelInferRequest'),
    unload: null,
    load: null,
    unknown: ['NOT_FOUND', expect.stringContaining('capstan deploy')],
    method: ['UNIMPLEMENTED', expect.stringContaining('TraceSetting')],
    still: null,
  });
});

test('statistics count rows and requests', () => {
  expect(sawIn('statistics')).toEqual({
    rows: 3,
    requests: 1,
    all: ['columns', 'every-datatype', 'half-floats', 'one-float'],
  });
});

test('messages of many megabytes pass, larger ones than allowed do not, and a deadline ends a call', () => {
  expect(sawIn('large')).toEqual({
    length: true,
    late: 'DEADLINE_EXCEEDED',
    'too large': ['RESOURCE_EXHAUSTED', expect.stringContaining(`more than ${MAX_MESSAGE_BYTES}`)],
    still: true,
  });
});

test('calls at once over one connection each get their own answer', () => {
  expect(sawIn('at_once')).toEqual([]);
});

test('the standard services tell health and what can be called', () => {
  expect(sawIn('standard_services')).toEqual({
    checked: ['SERVING', 'SERVING'],
    unknown: 'NOT_FOUND',
    watched: ['SERVING', 'SERVICE_UNKNOWN'],
    services: [
      'grpc.health.v1.Health',
      'grpc.reflection.v1.ServerReflection',
      'grpc.reflection.v1alpha.ServerReflection',
      'inference.GRPCInferenceService',
    ],
    // From what Triton's own clients declare.
    differences: [],
    fields: 7,
  });
});

test("KServe's clients get the same over both transports", () => {
  const probabilities = sawIn('columns');
  const answer = { id: 'r-1', probabilities };
  expect(kserve.grpc).toMatchObject({ ready: [true, true, true], answers: [answer, answer], unknown: 'NOT_FOUND' });
  expect(kserve.rest).toMatchObject({
    ready: [true, true, true],
    answers: [answer, answer],
    unknown: expect.stringContaining('404 Not Found'),
  });
});
