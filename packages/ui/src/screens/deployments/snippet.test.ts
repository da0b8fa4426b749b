import { describe, expect, test } from 'vitest';
import { scoringExample, tensorExample } from './example-request.ts';
import { snippet } from './snippet.ts';

const URL = 'http://127.0.0.1:5051/x';
const noContext = { id: null, eventTime: null };
const tensor = (name: string, datatype: string, shape: number[]) => ({ name, datatype, shape });

function signature(...items: object[]): string {
  return JSON.stringify(items);
}

describe('a request of tensors', () => {
  test('has the shapes that the model declares, one row where it may choose, and values of their types', () => {
    const inputs = [tensor('flag', 'BOOL', [-1]), tensor('pair', 'FP32', [-1, 2]), tensor('who', 'BYTES', [-1, -1])];
    const { path, body } = tensorExample('iris', { revision: 1, flavor: 'onnx', context: noContext, inputs });
    expect(path).toBe('/v2/models/iris/infer');
    expect(body).toEqual({
      inputs: [
        { name: 'flag', shape: [1], datatype: 'BOOL', data: [true] },
        { name: 'pair', shape: [1, 2], datatype: 'FP32', data: [0.5, 0.5] },
        { name: 'who', shape: [1, 1], datatype: 'BYTES', data: ['text'] },
      ],
    });
  });

  test('names each row where a project declares an id, as many as the model wants at a time', () => {
    const context = { id: 'flight', eventTime: 'at' };
    const inputs = [tensor('hour', 'INT64', [3, 1]), tensor('pair', 'FP64', [-1])];
    const { body } = tensorExample('late', { revision: 1, flavor: 'onnx', context, inputs });
    expect(body).toEqual({
      inputs: [
        { name: 'flight', shape: [3], datatype: 'BYTES', data: ['example-1', 'example-2', 'example-3'] },
        { name: 'hour', shape: [3, 1], datatype: 'INT64', data: [1, 1, 1] },
        { name: 'pair', shape: [3], datatype: 'FP64', data: [0.5, 0.5, 0.5] },
      ],
    });
  });

  test('is written for a shell whatever its names, with a command in place of very many values', () => {
    const inputs = [tensor(String.raw`it's "odd" $x`, 'FP32', [-1, 3, 224, 224]), tensor('next', 'BYTES', [-1, 40])];
    const { body } = tensorExample('big', { revision: 1, flavor: 'onnx', context: noContext, inputs });
    expect(snippet('curl', URL, body)).toBe(String.raw`{ printf %s '{"inputs": [
  {"name": "it'\''s \"odd\" $x", "shape": [1, 3, 224, 224], "datatype": "FP32", "data": ['
  yes '0.5' | head -n 150528 | paste -sd, -
  printf %s ']},
  {"name": "next", "shape": [1, 40], "datatype": "BYTES", "data": ['
  yes '"text"' | head -n 40 | paste -sd, -
  printf %s ']}
]}'
} | curl http://127.0.0.1:5051/x \
  -H 'content-type: application/json' \
  -d @-`);
    expect(snippet('python', URL, body)).toContain('"data": [0.5] * 150528}');
    expect(snippet('typescript', URL, body)).toContain('"data": Array(150528).fill(0.5)}');
  });
});

describe('a request of MLflow’s scoring protocol', () => {
  test('has the columns of the signature', () => {
    const { path, body } = scoringExample(
      'iris',
      signature(
        { name: "who's", type: 'string' },
        { name: 'late', type: 'boolean' },
        { name: 'tags', type: 'array', items: { type: 'long' } },
        { name: 'place', type: 'object', properties: { lat: { type: 'double' } } },
      ),
    );
    expect(path).toBe('/models/iris/invocations');
    expect(body).toEqual({
      dataframe_split: { columns: ["who's", 'late', 'tags', 'place'], data: [['text', true, [1], { lat: 0.5 }]] },
    });
    expect(snippet('curl', URL, body)).toContain(String.raw`-d '{"dataframe_split": {"columns": ["who'\''s", "late"`);
    expect(snippet('python', URL, body)).toContain('[["text", True, [1], {"lat": 0.5}]]');
  });

  test('has tensors by name, or the only one without', () => {
    const spec = { dtype: 'float32', shape: [-1, 2] };
    const only = scoringExample('iris', signature({ type: 'tensor', 'tensor-spec': spec }));
    expect(only.body).toEqual({ inputs: [[0.5, 0.5]] });
    const named = scoringExample('iris', signature({ type: 'tensor', name: 'pair', 'tensor-spec': spec }));
    expect(named.body).toEqual({ inputs: { pair: [[0.5, 0.5]] } });
  });

  test('without a signature is a guess that says so', () => {
    expect(scoringExample('iris', null).note).toMatch('without a signature');
    expect(scoringExample('iris', 'no JSON').note).toMatch('without a signature');
  });
});
