import { expect, test } from 'vitest';
import type { Tensor } from '#ports/model-runtime';
import { createResultCache } from './result-cache.ts';

const floats = (...values: number[]): Tensor => ({
  name: 'x',
  datatype: 'FP32',
  shape: [values.length],
  data: Float32Array.from(values),
});

function counting(maxBytes = 1_000_000) {
  const cache = createResultCache(maxBytes);
  let asked = 0;
  const ask = async (inputs: readonly Tensor[], model = 'm') =>
    await cache.answer(model, inputs, async () => [floats(++asked)]);
  return { cache, ask, asked: () => asked };
}

test('the same inputs of the same model are answered once', async () => {
  const { ask, asked } = counting();
  const first = await ask([floats(1, 2)]);
  expect(await ask([floats(1, 2)])).toEqual(first);
  expect(asked()).toBe(1);
});

test('anything that differs is asked: model, name, datatype, shape, and the last bit of a value', async () => {
  const { ask, asked } = counting();
  const input = floats(0, 2);
  const others: (readonly Tensor[])[] = [
    [input],
    [{ ...input, name: 'y' }],
    [{ ...input, shape: [1, 2] }],
    [{ ...input, datatype: 'INT32', data: new Int32Array((input.data as Float32Array).slice().buffer) }],
    [floats(-0, 2)],
    [input, input],
    [{ name: 'x', datatype: 'BYTES', shape: [2], data: ['a', 'bc'] }],
    [{ name: 'x', datatype: 'BYTES', shape: [2], data: ['ab', 'c'] }],
  ];
  for (const inputs of others) await ask(inputs);
  await ask([input], 'another model');
  expect(asked()).toBe(others.length + 1);
  for (const inputs of others) await ask(inputs);
  expect(asked()).toBe(others.length + 1);
});

test('the answers asked for longest ago go first, and no more bytes are held than allowed', async () => {
  const { cache, ask, asked } = counting(1_100);
  await ask([floats(1)]);
  await ask([floats(2)]);
  await ask([floats(1)]);
  await ask([floats(3)]);
  expect(cache.bytes()).toBeLessThanOrEqual(1_100);
  await ask([floats(1)]);
  expect(asked()).toBe(3);
  await ask([floats(2)]);
  expect(asked()).toBe(4);
});

test('an answer is its own: neither the memory of its batch nor what a caller does with its copy stays in it', async () => {
  const cache = createResultCache(1_000_000);
  const batch = Float32Array.of(1, 2, 3, 4);
  const view: Tensor = { name: 'y', datatype: 'FP32', shape: [1], data: batch.subarray(1, 2) };
  await cache.answer('m', [floats(1)], async () => [view]);
  batch.fill(9);
  const [kept] = await cache.answer('m', [floats(1)], () => Promise.reject(new Error('asked again')));
  expect(kept).toEqual({ ...view, data: Float32Array.of(2) });
  const data = kept?.data;
  expect(ArrayBuffer.isView(data) && data.buffer.byteLength).toBe(4);
});

test('failures are not kept, nor what is larger than all that may be held', async () => {
  const { cache, ask, asked } = counting(100);
  await expect(cache.answer('m', [floats(1)], () => Promise.reject(new Error('no')))).rejects.toThrow('no');
  await ask([floats(1)]);
  await ask([floats(1)]);
  expect(asked()).toBe(2);
  expect(cache.bytes()).toBe(0);
});
