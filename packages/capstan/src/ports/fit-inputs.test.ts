import { describe, expect, it } from 'vitest';
import { fitInputs } from './fit-inputs.ts';
import type { Tensor, TensorSpec } from './model-runtime.ts';

const specs: TensorSpec[] = [
  { name: 'distance', datatype: 'FP32', shape: [-1, 2] },
  { name: 'carrier', datatype: 'BYTES', shape: [-1, 1] },
  { name: 'isNight', datatype: 'BOOL', shape: [] },
];
const distance: Tensor = { name: 'distance', datatype: 'FP32', shape: [2, 2], data: new Float32Array(4) };
const carrier: Tensor = { name: 'carrier', datatype: 'BYTES', shape: [2, 1], data: ['AA', 'Zürich 😀'] };
const isNight: Tensor = { name: 'isNight', datatype: 'BOOL', shape: [], data: new Uint8Array([1]) };

describe('fitInputs', () => {
  it('puts the inputs in the order of the specs', () => {
    expect(fitInputs(specs, [isNight, distance, carrier])).toEqual([distance, carrier, isNight]);
  });

  it('takes a batch of nothing', () => {
    const none = [
      { ...distance, shape: [0, 2], data: new Float32Array(0) },
      { ...carrier, shape: [0, 1], data: [] },
    ];
    expect(fitInputs(specs, [...none, isNight])).toHaveLength(3);
  });

  const cases: [string, Partial<Tensor> | undefined, string, RegExp][] = [
    ['a missing input', undefined, 'inputs', /It is FP32 of shape \[-1, 2\]/],
    ['an unknown input', { name: 'distanze' }, 'inputs[1].name', /Did you mean 'distance'\?/],
    ['an input given twice', { name: 'carrier' }, 'inputs[1].name', /once/],
    ['another datatype', { datatype: 'FP64', data: new Float64Array(4) }, 'inputs[1].datatype', /takes FP32/],
    ['too few dimensions', { shape: [4] }, 'inputs[1].shape', /takes \[-1, 2\]/],
    ['too many dimensions', { shape: [2, 2, 1] }, 'inputs[1].shape', /takes/],
    ['another size', { shape: [1, 4] }, 'inputs[1].shape', /takes/],
    ['a negative size', { shape: [-2, 2] }, 'inputs[1].shape', /takes/],
    ['a size that is a placeholder', { shape: [-1, 2] }, 'inputs[1].shape', /takes/],
    ['a broken size', { shape: [0.5, 2] }, 'inputs[1].shape', /takes/],
    ['too few values', { data: new Float32Array(3) }, 'inputs[1].data', /needs 4/],
    ['a size beyond all memory', { shape: [2 ** 50, 2] }, 'inputs[1].data', /needs/],
    ['another array', { data: new Float64Array(4) }, 'inputs[1].data', /Float32Array/],
  ];
  it.each(cases)('refuses %s', (_case, change, field, hint) => {
    const inputs = change === undefined ? [carrier, isNight] : [carrier, { ...distance, ...change }, isNight];
    expect(() => fitInputs(specs, inputs)).toThrow(
      expect.objectContaining({ code: 'INVALID_ARGUMENT', field, hint: expect.stringMatching(hint) }),
    );
  });

  it('refuses text that UTF-8 cannot hold, values that are no text, and bytes that are no truth', () => {
    const wrong: Tensor[] = [
      { ...carrier, data: ['AA', '\ud800'] },
      { ...carrier, data: ['AA', 5 as unknown as string] },
      { ...isNight, data: new Uint8Array([2]) },
    ];
    for (const input of wrong) {
      const others = [distance, carrier, isNight].filter(({ name }) => name !== input.name);
      expect(() => fitInputs(specs, [...others, input])).toThrow(expect.objectContaining({ field: 'inputs[2].data' }));
    }
  });
});
