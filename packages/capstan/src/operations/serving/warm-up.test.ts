import { expect, test } from 'vitest';
import type { Tensor, TensorSpec } from '#ports/model-runtime';
import { nothingBatched } from './batching/batch-counts.ts';
import { inMemory } from './shelf/testing.ts';
import { warmUp } from './warm-up.ts';

const inputs: readonly TensorSpec[] = [
  { name: 'carrier', datatype: 'BYTES', shape: [-1, 1] },
  { name: 'place', datatype: 'FP32', shape: [-1, 2] },
];
const rows = [
  { carrier: 'UA', place: [1, 2], unknown: 7 },
  { carrier: 'DL', place: [3, null] },
];

function model(change: { maxBatchSize?: number; mostInlineRows?: number; fails?: string } = {}) {
  const seen: (readonly Tensor[])[] = [];
  const { maxBatchSize, mostInlineRows, fails } = change;
  return {
    seen,
    ...inMemory,
    digest: 'sha256:0',
    flavor: 'onnx' as const,
    ...(maxBatchSize !== undefined && { serving: { maxBatchSize } }),
    ...(mostInlineRows !== undefined && { mostInlineRows }),
    inputs,
    outputs: [],
    predict: () => Promise.reject(new Error('this would be counted')),
    admit: () => {},
    counts: nothingBatched,
    waitingRows: () => 0,
    async rehearse(tensors: readonly Tensor[]) {
      if (fails !== undefined) throw new Error(fails);
      seen.push(tensors);
    },
  };
}

test('what was logged is run, one row and a full batch of it over and over, adapted as requests are', async () => {
  const one = model({ maxBatchSize: 3 });
  const adapters = { place: { multiply: 10, add: 0 } };
  expect(await warmUp(one, rows, adapters)).toEqual({ by: 'logged', note: null, hasFailed: false });
  const place = (values: readonly number[]) => Float32Array.from(values);
  expect(one.seen).toEqual([
    [
      { name: 'carrier', datatype: 'BYTES', shape: [1, 1], data: ['UA'] },
      { name: 'place', datatype: 'FP32', shape: [1, 2], data: place([10, 20]) },
    ],
    [
      { name: 'carrier', datatype: 'BYTES', shape: [3, 1], data: ['UA', 'DL', 'UA'] },
      { name: 'place', datatype: 'FP32', shape: [3, 2], data: place([10, 20, 30, Number.NaN, 10, 20]) },
    ],
  ]);
});

test('no batch is larger than the model can do without more memory', async () => {
  const one = model({ mostInlineRows: 5 });
  await warmUp(one, rows, {});
  expect(one.seen.map(([tensor]) => tensor?.shape[0])).toEqual([1, 5]);
});

test.each([
  ['nothing is logged', [], 'nothing is logged yet'],
  ['an input is redacted', rows.map((row) => ({ ...row, carrier: null })), "there is no 'carrier'"],
  ['another model was asked', [{ airline: 'UA', place: [1, 2] }], "there is no 'carrier'"],
  ['rows were wider', [{ carrier: 'UA', place: [1, 2, 3] }], "'place' has 3 values a row, not 2"],
  ['a value is of another type', [{ carrier: 5, place: [1, 2] }], 'carrier'],
])('where %s, zeros it is, and why', async (_, logged, note) => {
  const one = model();
  expect(await warmUp(one, logged, {})).toEqual({
    by: 'zeros',
    note: expect.stringContaining(note),
    hasFailed: false,
  });
  expect(one.seen).toEqual([]);
});

test('a model that fails on it is told, and nothing is thrown', async () => {
  const failed = await warmUp(model({ fails: 'index out of range' }), rows, {});
  expect(failed).toEqual({ by: 'logged', note: 'index out of range', hasFailed: true });
});
