import type { LoadedModel, Tensor, TensorSpec } from '#ports/model-runtime';
import { isOneRow } from '#ports/one-row';
import { widthOf } from '../model-facts.ts';
import { NotSplittable, type BatchedWork } from './batcher.ts';

type Inputs = readonly Tensor[];

/** Rows can be put together and told apart: every input and output has them as its first dimension, of any size. */
export function canBatch({
  inputs,
  outputs,
  isBatchable = true,
}: Pick<LoadedModel, 'inputs' | 'outputs' | 'isBatchable'>): boolean {
  return isBatchable && inputs.length > 0 && [...inputs, ...outputs].every(({ shape }) => shape[0] === -1);
}

/** Requests of a model by tensors, each with all inputs of the model in one order and one number of rows. */
export function tensorWork(
  model: Pick<LoadedModel, 'inputs' | 'outputs' | 'predict'>,
): BatchedWork<Inputs, readonly Tensor[]> {
  const isWhole = isOneRow(model);
  const hasOneShape = model.inputs.every(({ shape }) => !shape.slice(1).includes(-1));
  return {
    // Names and datatypes are the model's own, checked before; only the rest of the shapes may differ.
    keyOf: (inputs) => (hasOneShape ? '' : inputs.map(({ shape }) => shape.slice(1).join('x')).join(',')),
    rowsOf: (inputs) => (isWhole ? 1 : (inputs[0]?.shape[0] ?? 1)),
    bytesOf: (inputs) => inputs.reduce((sum, { data }) => sum + bytesOf(data), 0),
    async run(items, { deadline, onComputed }) {
      const [only] = items;
      if (only && items.length === 1) return [await model.predict(only, { deadline, onComputed })];
      const rows = items.map((inputs) => inputs[0]?.shape[0] ?? 0);
      return splitRows(await model.predict(joinRows(model.inputs, items), { deadline, onComputed }), rows);
    },
  };
}

/** Of texts roughly: what counts is that there is a bound. */
function bytesOf(data: Tensor['data']): number {
  return ArrayBuffer.isView(data) ? data.byteLength : data.reduce((sum, text) => sum + text.length * 2, 0);
}

/** The inputs of several requests as those of one, rows in the order of the requests. */
function joinRows(specs: readonly Pick<TensorSpec, 'name'>[], items: readonly Inputs[]): Tensor[] {
  return specs.map(({ name }) =>
    joined(items.map((inputs) => inputs.find((input) => input.name === name) ?? missing(name))),
  );
}

/** The outputs of parts of one request. @throws NotSplittable when a part does not have the rows that it was asked */
export function mergeOutputs(parts: readonly Inputs[], rows: readonly number[]): Tensor[] {
  for (const [index, outputs] of parts.entries()) assertRows(outputs, rows[index] ?? 0);
  return joinRows(parts[0] ?? [], parts);
}

function joined(parts: readonly Tensor[]): Tensor {
  const [first] = parts;
  if (!first) throw new Error('nothing to join');
  const rows = parts.reduce((sum, part) => sum + (part.shape[0] ?? 0), 0);
  const shape = [rows, ...first.shape.slice(1)];
  if (!ArrayBuffer.isView(first.data))
    return { ...first, shape, data: parts.flatMap(({ data }) => data as readonly string[]) };
  const data = new (first.data.constructor as NumbersConstructor)(rows * widthOf(shape));
  let at = 0;
  for (const part of parts) {
    data.set(part.data as Float64Array, at);
    at += part.data.length;
  }
  return { ...first, shape, data };
}

/** A typed array; which one does not matter where both sides are the same. */
type NumbersConstructor = new (length: number) => Float64Array;

/** The outputs of one execution by request. @throws NotSplittable when an output does not have all rows */
function splitRows(outputs: readonly Tensor[], rows: readonly number[]): Tensor[][] {
  assertRows(
    outputs,
    rows.reduce((sum, count) => sum + count, 0),
  );
  let from = 0;
  return rows.map((count) => {
    const start = from;
    from += count;
    return outputs.map((output) => rowsOf(output, start, from));
  });
}

function assertRows(outputs: readonly Tensor[], rows: number): void {
  for (const { name, shape, data } of outputs) {
    if (shape[0] === rows && data.length === rows * widthOf(shape)) continue;
    throw new NotSplittable(`the output '${name}' has the shape [${shape.join(', ')}] for ${rows} rows`);
  }
}

/** The rows `from` up to, and without, `to`; a view of the same memory where they are numbers. */
export function rowsOf(tensor: Tensor, from: number, to: number): Tensor {
  const width = widthOf(tensor.shape);
  const { data } = tensor;
  const part = ArrayBuffer.isView(data)
    ? data.subarray(from * width, to * width)
    : data.slice(from * width, to * width);
  return { ...tensor, shape: [to - from, ...tensor.shape.slice(1)], data: part };
}

function missing(name: string): never {
  throw new Error(`the request has no input '${name}'`);
}
