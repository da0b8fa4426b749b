import { expect, test } from 'vitest';
import type { TensorSpec } from '#ports/model-runtime';
import { checkRequest } from './request.ts';

const specs: readonly TensorSpec[] = [
  { name: 'x', datatype: 'FP64', shape: [-1] },
  { name: 'note', datatype: 'BYTES', shape: [-1], isOptional: true },
];
const x = { name: 'x', datatype: 'FP64' as const, shape: [2], data: Float64Array.of(1, 2) };
const noContext = { id: null, eventTime: null };

test('an optional input may be left out, another may not', () => {
  expect(checkRequest([x], specs, noContext).inputs).toEqual([x]);
  const note = { name: 'note', datatype: 'BYTES' as const, shape: [2], data: ['a', 'b'] };
  expect(checkRequest([note, x], specs, noContext).inputs).toEqual([x, note]);
  expect(() => checkRequest([note], specs, noContext)).toThrow("The input 'x' is missing");
});
