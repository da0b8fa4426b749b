import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { goldenFile } from './golden-models-testing.ts';
import { message, modelOf, tensorOf, type Fields } from './protobuf-testing.ts';
import { assertSelfContained } from './self-contained.ts';

const entry = message([
  [1, 'location'],
  [2, '/etc/passwd'],
]);
const byLocation = tensorOf('w', [1], [[14, 1]]);
const byEntry = tensorOf('w', [1], [[13, entry]]);
const inline = tensorOf('w', [1], [[9, new Uint8Array(4)]]);

/** Every place of onnx.proto where a tensor can hide, as fields of the graph and of the model. */
function placesOf(tensor: Uint8Array): [string, Fields, Fields][] {
  const sparse = (field: number) => message([[field, tensor]]);
  const attribute = (field: number, value: Uint8Array) =>
    message([
      [1, 'value'],
      [field, value],
    ]);
  const node = (held: Uint8Array): Fields => [
    [
      1,
      message([
        [4, 'Constant'],
        [5, held],
      ]),
    ],
  ];
  const graphHolding = (held: Uint8Array) => message([[5, held]]);
  return [
    ['an initializer', [[5, tensor]], []],
    ['values of a sparse initializer', [[15, sparse(1)]], []],
    ['indices of a sparse initializer', [[15, sparse(2)]], []],
    ['a constant', node(attribute(5, tensor)), []],
    ['a list of constants', node(attribute(10, tensor)), []],
    ['a sparse constant', node(attribute(22, sparse(1))), []],
    ['a list of sparse constants', node(attribute(23, sparse(2))), []],
    ['a subgraph', node(attribute(6, graphHolding(tensor))), []],
    ['a list of subgraphs', node(attribute(11, graphHolding(tensor))), []],
    ['a subgraph of a subgraph', node(attribute(6, message(node(attribute(6, graphHolding(tensor)))))), []],
    ['a function', [], [[25, message([[7, message([[5, attribute(5, tensor)]])]])]]],
    ['a default of a function', [], [[25, message([[11, attribute(5, tensor)]])]]],
    ['a graph for training', [], [[20, message([[2, graphHolding(tensor)]])]]],
    ['a second graph', [], [[7, graphHolding(tensor)]]],
  ];
}

describe('assertSelfContained', () => {
  it.each(['two-inputs', 'columns', 'zipmap', 'datatypes', 'endless'])('takes %s.onnx', (name) => {
    expect(() => assertSelfContained(readFileSync(goldenFile(`${name}.onnx`)))).not.toThrow();
  });

  it.each(placesOf(inline))('takes a tensor with its data in %s', (_place, inGraph, inModel) => {
    expect(() => assertSelfContained(modelOf([1], inGraph, inModel))).not.toThrow();
  });

  const external = expect.objectContaining({
    code: 'INVALID_ARGUMENT',
    message: expect.stringContaining('other files'),
  });
  it.each(placesOf(byLocation))('refuses a tensor that says it lies elsewhere, in %s', (_place, inGraph, inModel) => {
    expect(() => assertSelfContained(modelOf([1], inGraph, inModel))).toThrow(external);
  });

  it.each(placesOf(byEntry))('refuses a tensor with a path, in %s', (_place, inGraph, inModel) => {
    expect(() => assertSelfContained(modelOf([1], inGraph, inModel))).toThrow(external);
  });

  const noModel = expect.objectContaining({
    code: 'INVALID_ARGUMENT',
    message: expect.stringContaining('no ONNX model'),
  });
  it('refuses a model that is cut anywhere but between its parts', () => {
    const whole = readFileSync(goldenFile('columns.onnx'));
    const lengths = Array.from({ length: whole.length }, (_, length) => length);
    const taken = lengths.filter((length) => {
      try {
        assertSelfContained(whole.subarray(0, length));
        return true;
      } catch (error) {
        expect(error).toEqual(noModel);
        return false;
      }
    });
    // What is left are a few ends of whole parts after the graph; the library itself has the last word on these.
    expect(taken.length).toBeLessThan(8);
  });

  it('refuses parts nested without end, and never fails in another way', () => {
    let graph: Uint8Array = message([]);
    for (let depth = 0; depth < 60; depth++) graph = message([[1, message([[5, message([[6, graph]])]])]]);
    expect(() => assertSelfContained(message([[7, graph]]))).toThrow(noModel);
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        try {
          assertSelfContained(bytes);
        } catch (error) {
          expect(error).toMatchObject({ code: 'INVALID_ARGUMENT', field: 'modelFile' });
        }
      }),
    );
  });
});
