import { expect, test } from 'vitest';
import type { TensorSpec } from './model-runtime.ts';
import { isOneRow, timesOneRow } from './one-row.ts';

const specs = (shapes: readonly (readonly number[])[]): TensorSpec[] =>
  shapes.map((shape, index) => ({ name: `t${index}`, datatype: 'FP32', shape }));

test.each([
  ['rows, and outputs of any shape', [[-1, 4], [-1]], [[-1, 2], []], false],
  ['a fixed number of rows', [[8, 4], [8]], [[8, 2], [-1]], false],
  ['no inputs', [], [[1]], false],
  ['a scalar', [[]], [[]], true],
  ['a scalar beside rows', [[-1, 4], []], [[-1]], true],
  ['a vector that becomes one value', [[3]], [[1]], true],
  ['vectors of different lengths', [[3], [4]], [[3]], true],
] as const)('%s', (_, inputs, outputs, expected) => {
  expect(isOneRow({ inputs: specs(inputs), outputs: specs(outputs) })).toBe(expected);
});

test.each([
  ['rows', [[-1, 4], [-1]], [[7, 4], [7]], 7],
  ['a fixed number of rows', [[8, 4]], [[8, 4]], 1],
  ['scalars', [[], []], [[], []], 1],
  ['rows beside a scalar', [[], [-1, 4]], [[], [900, 4]], 900],
  ['rows of any length', [[-1, -1]], [[3, 50]], 150],
])('what a request of %s asks', (_, shapes, given, times) => {
  const inputs = specs(given).map((spec) => ({ ...spec, data: new Float32Array() }));
  expect(timesOneRow(specs(shapes))(inputs)).toBe(times);
});
