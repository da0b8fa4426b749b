import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { expectTensors } from '#ports/model-runtime.contract';
import { cutZipMaps } from './cut-zipmap.ts';
import { goldenFile, goldenModel } from './golden-models-testing.ts';
import { createRuntimeOnnx } from './index.ts';
import { message, modelOf, type Fields } from './protobuf-testing.ts';
import { nameLocale } from './name-locale.ts';
import { assertSelfContained } from './self-contained.ts';

const runtime = createRuntimeOnnx();

describe('a classifier as skl2onnx exports it', () => {
  it.each([
    ['zipmap-logistic', ['0', '1', '2']],
    ['zipmap-forest', ['setosa', 'versicolor', 'virgée']],
    ['zipmap-text', ['0', '1']],
  ])('answers labels and probabilities: %s', async (name, labels) => {
    const golden = goldenModel(name);
    const model = await runtime.load(golden.file);
    expect(model.outputs).toEqual([
      { name: 'output_label', datatype: golden.outputs[0]?.datatype, shape: [-1] },
      { name: 'output_probability', datatype: 'FP32', shape: [-1, labels.length] },
    ]);
    expect(model.classLabels).toEqual({ output_probability: labels });
    const outputs = await model.predict(golden.inputs);
    expectTensors(outputs, golden.outputs);
    // The maps that ONNX Runtime in Python makes of it.
    const values = outputs[1]?.data as Float32Array;
    for (const [row, map] of golden.maps.entries()) {
      expect(Object.keys(map)).toEqual(labels);
      for (const [column, label] of labels.entries()) {
        expect(values[row * labels.length + column]).toBeCloseTo(map[label] ?? Number.NaN, 6);
      }
    }
    await model.close();
  });
});

const bytesField = (number: number, value: Uint8Array | string) => [number, value] as const;
function node(operator: string, inputs: readonly string[], outputs: readonly string[], more: Fields = [], domain = '') {
  const names = [...inputs.map((name) => bytesField(1, name)), ...outputs.map((name) => bytesField(2, name))];
  return bytesField(1, message([...names, [4, operator], ...more, ...(domain === '' ? [] : [bytesField(7, domain)])]));
}
const labels: Fields = [
  bytesField(
    5,
    message([
      [1, 'classlabels_strings'],
      [9, 'a'],
      [9, 'b'],
    ]),
  ),
];
const zipMap = (from: string, to: string, more = labels) => node('ZipMap', [from], [to], more, 'ai.onnx.ml');
const output = (name: string) => bytesField(12, message([[1, name]]));

describe('what is cut', () => {
  test('is a ZipMap with the Identities behind it, for each output that they lead to', () => {
    const model = modelOf(
      [1],
      [
        zipMap('x', 'maps'),
        node('Identity', ['maps'], ['first']),
        node('Identity', ['maps'], ['second']),
        output('first'),
        output('second'),
      ],
    );
    const cut = cutZipMaps(model);
    expect(cut.classLabels).toEqual({ first: ['a', 'b'], second: ['a', 'b'] });
    expect([...assertSelfContained(cut.bytes).operators]).toEqual(['Identity']);
  });

  test.each<[string, Fields]>([
    ['there is no ZipMap', []],
    ['its maps are used within the graph', [zipMap('x', 'maps'), node('Other', ['maps'], ['z']), output('maps')]],
    [
      'a subgraph uses its maps',
      [
        zipMap('x', 'maps'),
        node('If', ['x'], ['z'], [[5, message([bytesField(6, message([node('Other', ['maps'], ['w'])]))])]]),
        output('maps'),
      ],
    ],
    ['it is of another domain', [node('ZipMap', ['x'], ['maps'], labels), output('maps')]],
    ['it has no labels', [zipMap('x', 'maps', []), output('maps')]],
    ['another operator stands behind it', [zipMap('x', 'maps'), node('Other', ['maps'], ['z']), output('z')]],
    ['nodes go in a circle', [node('Identity', ['z'], ['z']), output('z')]],
  ])('is nothing where %s', (_where, inGraph) => {
    const model = modelOf([1], inGraph);
    expect(cutZipMaps(model)).toEqual({ bytes: model, classLabels: {} });
  });

  test('leaves the default operators declared, which it needs itself', () => {
    const graph = message([zipMap('x', 'maps'), output('maps')]);
    const onlyMl = message([
      [
        8,
        message([
          [1, 'ai.onnx.ml'],
          [2, 3],
        ]),
      ],
      [7, graph],
    ]);
    const { bytes } = cutZipMaps(onlyMl);
    const declared = message([[8, message([[2, 13]])]]);
    expect(Buffer.from(bytes.subarray(bytes.length - declared.length))).toEqual(Buffer.from(declared));
  });
});

test('however the bytes of a model are changed, it is cut, let be or refused', () => {
  const whole = readFileSync(goldenFile('zipmap-forest.onnx'));
  fc.assert(
    fc.property(
      fc.array(fc.record({ at: fc.nat(whole.length - 1), byte: fc.nat(255) }), { maxLength: 5 }),
      (changes) => {
        const changed = Buffer.from(whole);
        for (const { at, byte } of changes) changed[at] = byte;
        try {
          assertSelfContained(changed);
          nameLocale(cutZipMaps(changed).bytes, 'linux');
        } catch (error) {
          expect(error).toMatchObject({ name: 'DomainError', code: 'INVALID_ARGUMENT' });
        }
      },
    ),
    { numRuns: 300 },
  );
});

test('a locale is named where text is normalised without one, on Linux only', () => {
  const without = readFileSync(goldenFile('zipmap-text.onnx'));
  const named = nameLocale(without, 'linux');
  expect(Buffer.from(named).includes('C.UTF-8')).toBe(true);
  expect(nameLocale(named, 'linux')).toBe(named);
  expect(nameLocale(without, 'darwin')).toBe(without);
  const forest = readFileSync(goldenFile('zipmap-forest.onnx'));
  expect(nameLocale(forest, 'linux')).toBe(forest);
});
