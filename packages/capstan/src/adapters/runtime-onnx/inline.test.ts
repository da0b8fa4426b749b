import { expect, test } from 'vitest';
import type { LoadedModel, Tensor } from '#ports/model-runtime';
import type { HostClient } from './host-client.ts';
import { inlineRows } from './inline.ts';
import { quickModel } from './loaded-models.ts';

const quick = { openMs: 10, oneRowMs: 0.1, manyRowsMs: 1.1, manyRows: 1_000, memoryBytes: 0 };

test('a quick model runs in the caller’s thread, up to the rows that it can do in half a millisecond', () => {
  expect(inlineRows({ operators: ['TreeEnsembleClassifier'] }, quick)).toBe(400);
  expect(inlineRows({ operators: ['Gemm'] }, { ...quick, manyRowsMs: 0.1 })).toBeGreaterThan(100_000);
});

test('a model that is slow with one row, to open, or with zeros that it cannot take, has a thread', () => {
  expect(inlineRows({ operators: [] }, { ...quick, oneRowMs: 0.6 })).toBe(0);
  expect(inlineRows({ operators: [] }, { ...quick, openMs: 1_000 })).toBe(0);
  expect(inlineRows({ operators: [] }, { ...quick, oneRowMs: Number.POSITIVE_INFINITY })).toBe(0);
});

test('a model of which only one row could be tried runs there one row at a time', () => {
  expect(inlineRows({ operators: [] }, { ...quick, manyRowsMs: Number.POSITIVE_INFINITY })).toBe(1);
});

test('a model with loops, or with tensors as large as a value says, has a thread however quick its zeros were', () => {
  for (const operator of ['Loop', 'Scan', 'If', 'Expand', 'Range', 'ConstantOfShape', 'Tile']) {
    expect(inlineRows({ operators: ['Gemm', operator] }, quick)).toBe(0);
  }
});

test('more rows than that are answered by a thread, which is opened once and closed with the model', async () => {
  const specs = [{ name: 'x', datatype: 'FP32', shape: [-1] }] as const;
  const opened = { sha256: '', inputs: specs, outputs: specs, operators: [] };
  const calls: string[] = [];
  const host: HostClient = {
    async call(method, request) {
      calls.push(`inline ${method}`);
      return ('inputs' in request ? request.inputs : true) as never;
    },
  };
  const thread: LoadedModel = {
    ...opened,
    async predict(inputs) {
      calls.push('thread predict');
      return inputs;
    },
    async close() {
      calls.push('thread close');
    },
  };
  const model = quickModel(host, opened, { mostInlineRows: 2, memoryBytes: 7 }, async () => {
    calls.push('open thread');
    return thread;
  });
  const ask = async (rows: number) => {
    const input: Tensor = { name: 'x', datatype: 'FP32', shape: [rows], data: new Float32Array(rows).fill(rows) };
    expect(await model.predict([input])).toEqual([input]);
  };
  await ask(2);
  expect(calls).toEqual(['inline predict']);
  await Promise.all([ask(3), ask(4)]);
  await model.close();
  expect(calls.slice(1)).toEqual(['open thread', 'thread predict', 'thread predict', 'inline close', 'thread close']);
});
