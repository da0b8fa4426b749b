import { invalid } from '#kernel/errors';
import { nearest } from '#kernel/nearest';
import type { Cell } from '#ports/analytics';
import { widthOf } from '#ports/binary-probability';
import type { Tensor, TensorData, TensorDatatype, TensorSpec } from '#ports/model-runtime';

type Columns = Readonly<Record<string, readonly Cell[]>>;

/**
 * Rows `from` up to but not including `to` as the model takes them: a column by the name of each input, or NAME_0, NAME_1 …
 * for an input of several values a row, as logged predictions have them. A missing number is NaN, a missing text is empty.
 * @throws DomainError INVALID_ARGUMENT naming the input that the rows lack or whose values do not fit
 */
export function tensorsOf(specs: readonly TensorSpec[], columns: Columns, from: number, to: number): Tensor[] {
  return specs.map((spec) => {
    const width = widthOf(spec.shape);
    const names = width === 1 ? [spec.name] : Array.from({ length: width }, (_, index) => `${spec.name}_${index}`);
    const sources = names.map((name) => columnOf(columns, name));
    const cells = Array.from({ length: (to - from) * width }, (_, place) => {
      return sources[place % width]?.[from + Math.floor(place / width)] ?? null;
    });
    return { ...spec, shape: [to - from, ...spec.shape.slice(1)], data: dataOf(spec, cells) };
  });
}

function columnOf(columns: Columns, name: string): readonly Cell[] {
  const column = columns[name];
  if (column) return column;
  const suggestion = nearest(name, Object.keys(columns));
  throw invalid(`The rows have no column '${name}', which the model takes`, {
    field: name,
    hint: suggestion ? `Did you mean '${suggestion}'?` : `They have: ${Object.keys(columns).join(', ')}.`,
  });
}

type Integers = Exclude<TensorDatatype, 'FP16' | 'FP32' | 'FP64' | 'BYTES' | 'BOOL'>;

const SMALL_INTEGERS = {
  INT8: Int8Array,
  INT16: Int16Array,
  INT32: Int32Array,
  UINT8: Uint8Array,
  UINT16: Uint16Array,
  UINT32: Uint32Array,
} as const;

function dataOf({ name, datatype }: TensorSpec, cells: readonly Cell[]): TensorData {
  const refuse = (cell: Cell, wanted: string) =>
    invalid(`The column '${name}' holds ${JSON.stringify(cell)} where the model takes ${wanted}`, { field: name });
  switch (datatype) {
    case 'FP16':
    case 'FP32':
    case 'FP64': {
      const numbers = cells.map((cell) => {
        if (cell === null) return Number.NaN;
        if (typeof cell === 'number') return cell;
        if (typeof cell === 'boolean') return Number(cell);
        throw refuse(cell, 'numbers');
      });
      if (datatype === 'FP16') return Float16Array.from(numbers);
      return datatype === 'FP32' ? Float32Array.from(numbers) : Float64Array.from(numbers);
    }
    case 'BYTES':
      return cells.map((cell) => {
        if (cell === null) return '';
        if (typeof cell === 'string') return cell;
        throw refuse(cell, 'texts');
      });
    case 'BOOL':
      return Uint8Array.from(cells, (cell) => {
        if (typeof cell === 'boolean') return Number(cell);
        throw refuse(cell, 'true or false');
      });
    default:
      return integersOf(datatype, cells, (cell) => refuse(cell, 'whole numbers'));
  }
}

function integersOf(datatype: Integers, cells: readonly Cell[], refuse: (cell: Cell) => Error): TensorData {
  for (const cell of cells) {
    // The engine gives whole numbers beyond ±2^53 as text.
    const isWhole = typeof cell === 'string' ? /^-?\d+$/.test(cell) : Number.isInteger(cell);
    if (!isWhole) throw refuse(cell);
  }
  if (datatype === 'INT64') return BigInt64Array.from(cells, (cell) => BigInt(cell as number | string));
  if (datatype === 'UINT64') return BigUint64Array.from(cells, (cell) => BigInt(cell as number | string));
  return new SMALL_INTEGERS[datatype](cells.map(Number));
}
