import { invalid } from '#kernel/errors';
import { nearest } from '#kernel/nearest';
import type { Cell } from './analytics.ts';
import { widthOf } from './binary-probability.ts';
import type { Tensor, TensorData, TensorDatatype, TensorSpec } from './model-runtime.ts';

export type CellColumns = Readonly<Record<string, readonly Cell[]>>;

/**
 * The columns that hold an input: those that `mapping` names, else the one of its name, or NAME_0, NAME_1 … for an input of
 * several values a row, as logged predictions have them. One column may hold lists of all values of a row.
 * @throws DomainError INVALID_ARGUMENT naming the column that is not there
 */
export function columnsOfInput(
  { name, shape }: TensorSpec,
  known: readonly string[],
  mapping: Readonly<Record<string, readonly string[]>> = {},
): readonly string[] {
  const width = widthOf(shape);
  const mapped = mapping[name];
  if (mapped && mapped.length !== 1 && mapped.length !== width) {
    throw invalid(`The input '${name}' takes ${width} columns, and ${mapped.length} are named for it`, { field: name });
  }
  const wanted = mapped ?? (width === 1 || known.includes(name) ? [name] : numbered(name, width));
  const missing = wanted.find((column) => !known.includes(column));
  if (missing === undefined) return wanted;
  const suggestion = nearest(missing, known);
  throw invalid(`The rows have no column '${missing}', which the model takes`, {
    field: missing,
    hint: suggestion ? `Did you mean '${suggestion}'?` : `They have: ${known.join(', ')}.`,
  });
}

function numbered(name: string, width: number): string[] {
  return Array.from({ length: width }, (_, index) => `${name}_${index}`);
}

/** What hears of a cell that does not fit: it throws, or the row is left to hold something that is never looked at. */
export type RefuseCell = (row: number, column: string, message: string) => void;

/**
 * Rows `from` up to but not including `to` as the model takes them. A missing number is NaN, a missing text is empty.
 * @param sources the columns of each input, from `columnsOfInput`
 * @param refuse gets rows counted from `from`
 */
export function cellTensors(
  specs: readonly TensorSpec[],
  columns: CellColumns,
  { from, to }: { readonly from: number; readonly to: number },
  sources: ReadonlyMap<string, readonly string[]>,
  refuse: RefuseCell,
): Tensor[] {
  return specs.map((spec) => {
    const width = widthOf(spec.shape);
    const names = sources.get(spec.name) ?? [];
    const data = emptyData(spec.datatype, (to - from) * width);
    const set = setterOf(spec.datatype, data);
    for (const [index, name] of names.entries()) {
      const cells = columns[name] ?? [];
      const isList = names.length === 1 && width > 1;
      for (let row = from; row < to; row++) {
        const cell = cells[row] ?? null;
        if (isList) fillList(cell, (row - from) * width, width, set, (message) => refuse(row - from, name, message));
        else {
          const wanted = set((row - from) * width + index, cell);
          if (wanted !== undefined) refuse(row - from, name, refusal(name, cell, wanted));
        }
      }
    }
    return { ...spec, shape: [to - from, ...spec.shape.slice(1)], data };
  });

  function fillList(cell: Cell, at: number, width: number, set: Setter, refuseRow: (message: string) => void): void {
    if (!Array.isArray(cell) || cell.length !== width) {
      refuseRow(`The column holds ${shown(cell)} where the model takes lists of ${width} values`);
      return;
    }
    for (const [index, value] of (cell as readonly Cell[]).entries()) {
      const wanted = set(at + index, value);
      if (wanted === undefined) continue;
      refuseRow(`The column holds ${shown(value)} in a list where the model takes ${wanted}`);
      return;
    }
  }
}

function refusal(name: string, cell: Cell, wanted: string): string {
  return `The column '${name}' holds ${shown(cell)} where the model takes ${wanted}`;
}

function shown(cell: Cell): string {
  return JSON.stringify(cell).slice(0, 60);
}

/** Puts a cell in its place, or says what is wanted there instead. */
type Setter = (place: number, cell: Cell) => string | undefined;

const ARRAYS = {
  FP16: Float16Array,
  FP32: Float32Array,
  FP64: Float64Array,
  BOOL: Uint8Array,
  INT8: Int8Array,
  INT16: Int16Array,
  INT32: Int32Array,
  INT64: BigInt64Array,
  UINT8: Uint8Array,
  UINT16: Uint16Array,
  UINT32: Uint32Array,
  UINT64: BigUint64Array,
} as const;

const RANGES = {
  INT8: [-128, 127],
  INT16: [-32_768, 32_767],
  INT32: [-2_147_483_648, 2_147_483_647],
  UINT8: [0, 255],
  UINT16: [0, 65_535],
  UINT32: [0, 4_294_967_295],
} as const;

const LONG_RANGES = { INT64: [-(2n ** 63n), 2n ** 63n - 1n], UINT64: [0n, 2n ** 64n - 1n] } as const;

function emptyData(datatype: TensorDatatype, length: number): TensorData {
  return datatype === 'BYTES' ? Array.from({ length }, () => '') : new ARRAYS[datatype](length);
}

function setterOf(datatype: TensorDatatype, data: TensorData): Setter {
  switch (datatype) {
    case 'FP16':
    case 'FP32':
    case 'FP64':
      return setNumber(data as Float64Array);
    case 'BYTES':
      return setText(data as string[]);
    case 'BOOL':
      return (place, cell) => {
        if (typeof cell !== 'boolean') return 'true or false';
        (data as Uint8Array)[place] = Number(cell);
        return undefined;
      };
    case 'INT64':
    case 'UINT64':
      return setLong(data as BigInt64Array, LONG_RANGES[datatype]);
    default:
      return setInteger(data as Int32Array, RANGES[datatype]);
  }
}

function setNumber(data: Float64Array): Setter {
  return (place, cell) => {
    if (typeof cell === 'number') data[place] = cell;
    else if (cell === null) data[place] = Number.NaN;
    else if (typeof cell === 'boolean') data[place] = Number(cell);
    else return 'numbers';
    return undefined;
  };
}

function setText(data: string[]): Setter {
  return (place, cell) => {
    if (typeof cell === 'string') data[place] = cell;
    else if (cell !== null) return 'texts';
    return undefined;
  };
}

function setInteger(data: Int32Array, [least, greatest]: readonly [number, number]): Setter {
  return (place, cell) => {
    if (typeof cell !== 'number' || !Number.isInteger(cell)) return 'whole numbers';
    if (cell < least || cell > greatest) return `whole numbers from ${least} to ${greatest}`;
    data[place] = cell;
    return undefined;
  };
}

function setLong(data: BigInt64Array, [least, greatest]: readonly [bigint, bigint]): Setter {
  return (place, cell) => {
    // The engine gives whole numbers beyond ±2^53 as text.
    const isWhole = typeof cell === 'string' ? /^-?\d+$/.test(cell) : Number.isSafeInteger(cell);
    if (!isWhole) return 'whole numbers';
    const value = BigInt(cell as string | number);
    if (value < least || value > greatest) return `whole numbers from ${least} to ${greatest}`;
    data[place] = value;
    return undefined;
  };
}
