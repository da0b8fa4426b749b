import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { LoadedModel, ModelRuntime, Tensor, TensorSpec } from './model-runtime.ts';

/** A model whose first input is numbers and whose first dimension is the batch, and what it must answer. */
export interface GoldenModel {
  readonly file: string;
  readonly inputSpecs: readonly TensorSpec[];
  readonly outputSpecs: readonly TensorSpec[];
  /** A batch of at least two rows. */
  readonly inputs: readonly Tensor[];
  readonly outputs: readonly Tensor[];
}

/** Equal names, datatypes and shapes; equal values but for the last bits of floating-point numbers. */
export function expectTensors(actual: readonly Tensor[], expected: readonly Tensor[]): void {
  const described = (tensors: readonly Tensor[]) =>
    tensors.map(({ name, datatype, shape }) => ({ name, datatype, shape }));
  expect(described(actual)).toEqual(described(expected));
  for (const [index, { datatype, data }] of expected.entries()) {
    const values: unknown[] = [...(actual[index]?.data ?? [])];
    expect(values).toHaveLength(data.length);
    const isFloat = datatype === 'FP32' || datatype === 'FP64';
    for (const [place, value] of [...data].entries()) {
      if (isFloat) expect(values[place]).toBeCloseTo(Number(value), 5);
      else expect(values[place]).toBe(value);
    }
  }
}

/** The rows `from` up to, and without, `to` of a batch. */
function rowsOf(tensors: readonly Tensor[], from: number, to: number): Tensor[] {
  return tensors.map((tensor) => {
    const width = tensor.shape.slice(1).reduce((product, size) => product * size, 1);
    return {
      ...tensor,
      shape: [to - from, ...tensor.shape.slice(1)],
      data: tensor.data.slice(from * width, to * width),
    };
  });
}

/** What every model runtime keeps: a loaded model answers by name and shape, and bad files and inputs get clear errors. */
export function describeModelRuntime(
  name: string,
  makeRuntime: () => Promise<{ readonly runtime: ModelRuntime; readonly models: readonly GoldenModel[] }>,
): void {
  describe(`model runtime contract: ${name}`, () => {
    let runtime: ModelRuntime;
    let loaded: { readonly golden: GoldenModel; readonly model: LoadedModel }[];
    let directory: string;
    beforeAll(async () => {
      const made = await makeRuntime();
      runtime = made.runtime;
      loaded = [];
      for (const golden of made.models) loaded.push({ golden, model: await runtime.load(golden.file) });
      directory = await mkdtemp(join(tmpdir(), 'capstan-runtime-'));
    });
    afterAll(async () => {
      await Promise.all(loaded.map(({ model }) => model.close()));
      await rm(directory, { recursive: true });
    });

    function first(): { readonly golden: GoldenModel; readonly model: LoadedModel; readonly input: Tensor } {
      const [one] = loaded;
      const input = one?.golden.inputs[0];
      if (!one || !input) throw new Error('the contract needs a model with an input');
      return { ...one, input };
    }

    it('names its flavor', () => {
      expect(runtime.flavor).toMatch(/^[a-z_]+$/);
    });

    it('tells inputs and outputs by name, datatype and shape', () => {
      for (const { golden, model } of loaded) {
        expect(model.inputs).toEqual(golden.inputSpecs);
        expect(model.outputs).toEqual(golden.outputSpecs);
      }
    });

    it('answers as it should, with the inputs in any order', async () => {
      for (const { golden, model } of loaded) {
        expectTensors(await model.predict(golden.inputs), golden.outputs);
        expectTensors(await model.predict(golden.inputs.toReversed()), golden.outputs);
      }
    });

    it('answers each row of a batch as it does the row alone', async () => {
      for (const { golden, model } of loaded) {
        const rows = golden.inputs[0]?.shape[0] ?? 0;
        expect(rows).toBeGreaterThan(1);
        for (let row = 0; row < rows; row++) {
          const alone = await model.predict(rowsOf(golden.inputs, row, row + 1));
          expectTensors(alone, rowsOf(golden.outputs, row, row + 1));
        }
      }
    });

    it('answers many at once, each its own', async () => {
      const { golden, model } = first();
      const rows = golden.inputs[0]?.shape[0] ?? 0;
      const answers = await Promise.all(
        Array.from({ length: 40 }, (_, index) =>
          model.predict(rowsOf(golden.inputs, index % rows, (index % rows) + 1)),
        ),
      );
      for (const [index, answer] of answers.entries()) {
        expectTensors(answer, rowsOf(golden.outputs, index % rows, (index % rows) + 1));
      }
    });

    it('has taken the inputs when predict returns: what the caller does with them then is its own', async () => {
      const { golden, model } = first();
      const inputs = golden.inputs.map((tensor) => ({ ...tensor, data: tensor.data.slice() }));
      const answering = model.predict(inputs);
      for (const { data } of inputs) if ('fill' in data && data instanceof Float32Array) data.fill(Number.NaN);
      expectTensors(await answering, golden.outputs);
    });

    it('answers from values that lie inside larger buffers, such as the body of a request', async () => {
      const { golden, model } = first();
      const inputs = golden.inputs.map((tensor) => {
        if (!(tensor.data instanceof Float32Array)) return tensor;
        const wide = new Float32Array(tensor.data.length + 7);
        wide.set(tensor.data, 3);
        return { ...tensor, data: wide.subarray(3, 3 + tensor.data.length) };
      });
      expectTensors(await model.predict(inputs), golden.outputs);
    });

    it('refuses inputs that do not fit, names them, and goes on', async () => {
      const { golden, model, input } = first();
      const others = golden.inputs.slice(1);
      const cases: [string, readonly Tensor[]][] = [
        ['inputs', others],
        ['inputs[0].name', [{ ...input, name: `${input.name}x` }, ...others]],
        [`inputs[${golden.inputs.length}].name`, [...golden.inputs, input]],
        ['inputs[0].datatype', [{ ...input, datatype: 'INT8', data: new Int8Array(input.data.length) }, ...others]],
        ['inputs[0].shape', [{ ...input, shape: [...input.shape, 1] }, ...others]],
        ['inputs[0].shape', [{ ...input, shape: [-1, ...input.shape.slice(1)] }, ...others]],
        ['inputs[0].data', [{ ...input, data: input.data.slice(1) }, ...others]],
      ];
      for (const [field, inputs] of cases) {
        const refusal = expect.objectContaining({ name: 'DomainError', code: 'INVALID_ARGUMENT', field });
        await expect(model.predict(inputs)).rejects.toEqual(refusal);
      }
      expectTensors(await model.predict(golden.inputs), golden.outputs);
    });

    it('answers what it was asked before it was closed, and nothing after', async () => {
      const { golden } = first();
      const model = await runtime.load(golden.file);
      const answering = [model.predict(golden.inputs), model.predict(golden.inputs)];
      const closing = model.close();
      await expect(model.predict(golden.inputs)).rejects.toMatchObject({ code: 'UNAVAILABLE' });
      for (const answer of answering) expectTensors(await answer, golden.outputs);
      await closing;
      await model.close();
    });

    it('refuses files that are no model', async () => {
      const file = join(directory, 'model');
      const refusal = expect.objectContaining({ name: 'DomainError', code: 'INVALID_ARGUMENT', field: 'modelFile' });
      for (const content of ['', 'no model at all', '\0'.repeat(10_000)]) {
        await writeFile(file, content);
        await expect(runtime.load(file)).rejects.toEqual(refusal);
      }
      await expect(runtime.load(join(directory, 'absent'))).rejects.toEqual(refusal);
      await expect(runtime.load(directory)).rejects.toEqual(refusal);
    });
  });
}
