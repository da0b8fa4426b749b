import type { InputAdapter } from '@capstan/api';
import type { Tensor, TensorData } from '#ports/model-runtime';
import { widthOf } from './model-facts.ts';

/** The tensor with these rows only. */
export function gatherRows(tensor: Tensor, rows: readonly number[]): Tensor {
  const width = widthOf(tensor.shape);
  const shape = [rows.length, ...tensor.shape.slice(1)];
  const { data } = tensor;
  if (!ArrayBuffer.isView(data)) {
    const texts: string[] = [];
    for (const row of rows) for (let index = 0; index < width; index++) texts.push(data[row * width + index] ?? '');
    return { ...tensor, shape, data: texts };
  }
  const part = emptyLike(data, rows.length * width);
  for (const [at, row] of rows.entries()) copyRow(part, at, data, row, width);
  return { ...tensor, shape, data: part };
}

interface Part {
  readonly outputs: readonly Tensor[];
  readonly rows: readonly number[];
}

/**
 * The outputs of several parts as one, rows in the order of the request. The first part's outputs say which there are.
 * @throws Error when another part has other outputs
 */
export function mergeRows(parts: readonly Part[], rows: number): Tensor[] {
  const [first, ...others] = parts;
  if (!first) throw new Error('nothing to merge');
  return first.outputs.map((output) => {
    const width = widthOf(output.shape);
    const merged = ArrayBuffer.isView(output.data)
      ? emptyLike(output.data, rows * width)
      : Array.from({ length: rows * width }, () => '');
    for (const part of [first, ...others]) {
      const same = part.outputs.find((candidate) => candidate.name === output.name);
      if (same?.datatype !== output.datatype || widthOf(same.shape) !== width) {
        throw new Error(`revisions differ in the output '${output.name}'`);
      }
      for (const [at, row] of part.rows.entries()) copyRow(merged, row, same.data, at, width);
    }
    return { ...output, shape: [rows, ...output.shape.slice(1)], data: merged };
  });
}

/** Inputs in the model's units: value × multiply + add for each adapted column. */
export function adaptInputs(
  inputs: readonly Tensor[],
  adapters: Readonly<Record<string, InputAdapter>>,
): readonly Tensor[] {
  if (Object.keys(adapters).length === 0) return inputs;
  return inputs.map((tensor) => {
    const adapter = adapters[tensor.name];
    if (!adapter || !(tensor.data instanceof Float32Array || tensor.data instanceof Float64Array)) return tensor;
    return { ...tensor, data: tensor.data.map((value) => value * adapter.multiply + adapter.add) };
  });
}

type Numbers = Exclude<TensorData, readonly string[]>;

function emptyLike(data: Numbers, length: number): Numbers {
  return new (data.constructor as new (length: number) => Numbers)(length);
}

function copyRow(to: Numbers | string[], toRow: number, from: TensorData, fromRow: number, width: number): void {
  // Both sides have one datatype, checked by the callers; TypeScript cannot follow that through the union.
  const target = to as unknown as unknown[];
  for (let index = 0; index < width; index++) target[toRow * width + index] = from[fromRow * width + index];
}
