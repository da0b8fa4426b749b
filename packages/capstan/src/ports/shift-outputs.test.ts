import { expect, test } from 'vitest';
import { shiftedProbability } from '#kernel/statistics/recalibration';
import type { Tensor } from './model-runtime.ts';
import { shiftOutputs } from './shift-outputs.ts';

const label: Tensor = { name: 'label', datatype: 'INT64', shape: [2], data: new BigInt64Array([0n, 1n]) };
const two: Tensor = {
  name: 'probabilities',
  datatype: 'FP32',
  shape: [2, 2],
  data: new Float32Array([0.75, 0.25, 0.5, 0.5]),
};
const place = { output: 'probabilities', width: 2, index: 1 };

test('both columns move in the precision of the output; everything else, the original too, stays as it is', () => {
  const moved = shiftOutputs([label, two], place, 0.4);
  const [first, second] = [shiftedProbability(0.25, 0.4), shiftedProbability(0.5, 0.4)];
  expect(moved[0]).toBe(label);
  expect(moved[1]?.data).toEqual(new Float32Array([1 - first, first, 1 - second, second]));
  expect(two.data).toEqual(new Float32Array([0.75, 0.25, 0.5, 0.5]));
});

test('a single column moves by itself', () => {
  const one: Tensor = { name: 'p', datatype: 'FP64', shape: [2], data: new Float64Array([0.1, 0.9]) };
  const [moved] = shiftOutputs([one], { output: 'p', width: 1, index: 0 }, -1);
  expect(moved?.data).toEqual(new Float64Array([shiftedProbability(0.1, -1), shiftedProbability(0.9, -1)]));
});

test('a shift of 0 hands on the same answer', () => {
  const outputs = [two];
  expect(shiftOutputs(outputs, place, 0)).toBe(outputs);
});
