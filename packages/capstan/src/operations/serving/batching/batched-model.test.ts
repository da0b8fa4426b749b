import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { LoadedModel, Tensor, TensorSpec } from '#ports/model-runtime';
import { createBatchedModel } from './batched-model.ts';
import type { BatchFacts } from './batcher.ts';

const specs = {
  inputs: [
    { name: 'x', datatype: 'FP32', shape: [-1, -1] },
    { name: 'word', datatype: 'BYTES', shape: [-1] },
  ],
  outputs: [
    { name: 'sum', datatype: 'FP64', shape: [-1, 1] },
    { name: 'said', datatype: 'BYTES', shape: [-1] },
    { name: 'id', datatype: 'INT64', shape: [-1] },
  ],
} as const satisfies Record<string, readonly TensorSpec[]>;

/** Sums each row, repeats its word, and takes a while that no caller can foresee. */
function summing(change: (outputs: Tensor[], rows: number) => Tensor[] = (outputs) => outputs) {
  const seen: number[] = [];
  let state = 7;
  const model: LoadedModel = {
    ...specs,
    async predict(inputs) {
      const [x, word] = [inputs.find(({ name }) => name === 'x'), inputs.find(({ name }) => name === 'word')];
      const [rows = 0, width = 0] = x?.shape ?? [];
      seen.push(rows);
      state = (state * 48_271) % 2_147_483_647;
      for (let turn = 0; turn < state % 4; turn++) await new Promise((resolve) => setImmediate(resolve));
      const data = x?.data as Float32Array;
      const words = (word?.data ?? []) as readonly string[];
      const sums = Float64Array.from({ length: rows }, (_, row) =>
        data.subarray(row * width, (row + 1) * width).reduce((sum, value) => sum + value, 0),
      );
      const outputs: Tensor[] = [
        { name: 'sum', datatype: 'FP64', shape: [rows, 1], data: sums },
        { name: 'said', datatype: 'BYTES', shape: [rows], data: words.map((text) => `${text}!`) },
        { name: 'id', datatype: 'INT64', shape: [rows], data: BigInt64Array.from(sums, (sum) => BigInt(sum)) },
      ];
      return change(outputs, rows);
    },
    close: async () => undefined,
  };
  return { model, seen };
}

const aRequest = fc.record({ rows: fc.integer({ min: 1, max: 30 }), width: fc.integer({ min: 1, max: 3 }) });

function requestOf({ rows, width }: { rows: number; width: number }, id: number) {
  const data = Float32Array.from({ length: rows * width }, (_, at) => id * 1_000 + at);
  const inputs: Tensor[] = [
    { name: 'x', datatype: 'FP32', shape: [rows, width], data },
    { name: 'word', datatype: 'BYTES', shape: [rows], data: Array.from({ length: rows }, (_, row) => `${id}.${row}`) },
  ];
  return { inputs };
}

test('every request gets the rows that it would get alone, whatever it is taken together with', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(aRequest, { minLength: 1, maxLength: 40 }),
      fc.integer({ min: 1, max: 50 }),
      async (asked, maxRows) => {
        const { model, seen } = summing();
        const batched = createBatchedModel(model, { maxRows });
        const requests = asked.map(requestOf);
        const answers = await Promise.all(requests.map(({ inputs }) => batched.predict(inputs)));
        expect(Math.max(...seen)).toBeLessThanOrEqual(maxRows);
        for (const [index, { inputs }] of requests.entries()) {
          expect(answers[index]).toEqual(await model.predict(inputs));
        }
        await batched.close();
      },
    ),
    { numRuns: 50 },
  );
});

test('a model whose answers do not have the rows of its inputs is asked one by one, also when it is split', async () => {
  // One row for all: what an aggregate gives, whatever its specs say.
  const { model, seen } = summing((outputs) =>
    outputs.map((output) => ({ ...output, shape: [1, ...output.shape.slice(1)], data: output.data.slice(0, 1) })),
  );
  const batched = createBatchedModel(model, { maxRows: 8 });
  const requests = [1, 2, 3].map((id) => requestOf({ rows: 2, width: 1 }, id));
  const answers = await Promise.all(requests.map(({ inputs }) => batched.predict(inputs)));
  for (const [index, { inputs }] of requests.entries()) expect(answers[index]).toEqual(await model.predict(inputs));
  expect(batched.isBatchable()).toBe(false);

  const whole = createBatchedModel(model, { maxRows: 8 });
  const large = requestOf({ rows: 20, width: 1 }, 1).inputs;
  expect(await whole.predict(large)).toEqual(await model.predict(large));
  expect(seen.at(-1)).toBe(20);
});

test('a model with a first dimension of its own is never batched', async () => {
  const { model, seen } = summing();
  const outputs = [{ name: 'sum', datatype: 'FP64', shape: [1, 1] }] as const;
  const batched = createBatchedModel({ ...model, outputs });
  await Promise.all([1, 2, 3].map((id) => batched.predict(requestOf({ rows: 2, width: 1 }, id).inputs)));
  expect(seen).toEqual([2, 2, 2]);
});

test('a part of a large request that fails ends the others, and the caller hears why', async () => {
  let executions = 0;
  const { model } = summing();
  const batched = createBatchedModel(
    {
      ...model,
      async predict(inputs) {
        executions += 1;
        if (executions === 2) throw new Error('out of range');
        return await model.predict(inputs);
      },
    },
    { maxRows: 2 },
  );
  await expect(batched.predict(requestOf({ rows: 20, width: 1 }, 1).inputs)).rejects.toThrow('out of range');
  expect(executions).toBeLessThan(10);
  expect(batched.waitingRows()).toBe(0);
});

test('a request is told of the executions that its rows were in, in their order, and of how many rows those had', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(aRequest, { minLength: 1, maxLength: 40 }),
      fc.integer({ min: 1, max: 50 }),
      async (asked, maxRows) => {
        const { model, seen } = summing();
        const batched = createBatchedModel(model, { maxRows });
        const told = asked.map((): BatchFacts[] => []);
        await Promise.all(
          asked.map((request, id) =>
            batched.predict(requestOf(request, id).inputs, { onBatch: (batch) => told[id]?.push(batch) }),
          ),
        );
        for (const [id, { rows }] of asked.entries())
          expect(told[id]?.reduce((sum, { own }) => sum + own, 0)).toBe(rows);
        const byId = Map.groupBy(told.flat(), (batch) => batch.id);
        const sorted = (counts: readonly number[]): number[] => counts.toSorted((a, b) => a - b);
        const rowsOf = [...byId.values()].map((parts) => {
          const rows = parts.reduce((sum, { own }) => sum + own, 0);
          expect(new Set(parts.map((part) => part.rows))).toEqual(new Set([rows]));
          return rows;
        });
        expect(sorted(rowsOf)).toEqual(sorted(seen));
        await batched.close();
      },
    ),
    { numRuns: 50 },
  );
});
