import { DomainError, invalid } from '#kernel/errors';
import { nearest } from '#kernel/nearest';
import { toTensorData, type Description, type ReceivedTensor } from '#operations/serving';
import type { TensorDatatype, TensorSpec } from '#ports/model-runtime';
import { byRow } from './by-row.ts';
import type { Row } from './parse-rows.ts';

/**
 * A tensor for each input, from rows of values by name. A value is what its datatype says and never made so; null is NaN
 * among floats. Context columns and optional inputs may be left out of all rows, others of none. Where a request is one
 * row as a whole, a row has whole tensors.
 * @throws DomainError INVALID_ARGUMENT naming the column
 */
export function rowsToTensors(rows: readonly Row[], description: Description): ReceivedTensor[] {
  if (description.isOneRow !== true) return tensorsOf(rows, description);
  if (rows.length > 1) {
    throw invalid(`The model of ${description.name} takes one row at a time: its inputs have no dimension of rows`, {
      field: 'rows',
      hint: 'Send each row by itself, or as lines (application/x-ndjson).',
    });
  }
  const { contextColumns } = description;
  return tensorsOf(rows, byRow(description)).map((tensor) =>
    contextColumns.includes(tensor.name) ? tensor : { ...tensor, shape: tensor.shape.slice(1) },
  );
}

function tensorsOf(rows: readonly Row[], { inputs, contextColumns }: Description): ReceivedTensor[] {
  refuseUnknown(rows, new Set(inputs.map(({ name }) => name)));
  return inputs.flatMap((spec) => {
    const { name } = spec;
    const isContext = contextColumns.includes(name);
    const mayLack = isContext || spec.isOptional === true;
    const lacking = rows.findIndex((row) => !Object.hasOwn(row, name));
    if (mayLack && lacking >= 0 && !rows.some((row) => Object.hasOwn(row, name))) return [];
    if (lacking >= 0) {
      const hint = mayLack ? 'Give it in all rows, or in none.' : `The model takes ${spec.datatype}.`;
      throw invalid(`The input '${name}' is missing${inRow(lacking, rows)}`, { field: name, hint });
    }
    const values = rows.map((row) => row[name]);
    return [isContext ? contextColumn(name, values) : column(spec, values)];
  });
}

function refuseUnknown(rows: readonly Row[], known: ReadonlySet<string>): void {
  for (const [index, row] of rows.entries()) {
    const name = Object.keys(row).find((member) => !known.has(member));
    if (name === undefined) continue;
    const near = nearest(name, known);
    const hint = near === undefined ? `It takes: ${[...known].join(', ')}.` : `Did you mean '${near}'?`;
    throw invalid(`The input '${name}'${inRow(index, rows)} is none that this model takes`, { field: name, hint });
  }
}

/** Times and ids keep their own type: text as text, whole numbers as numbers. */
function contextColumn(name: string, values: readonly unknown[]): ReceivedTensor {
  const isNumber = typeof values[0] === 'number' || typeof values[0] === 'bigint';
  return column({ name, datatype: isNumber ? 'INT64' : 'BYTES', shape: [-1] }, values);
}

function column({ name, datatype, shape }: TensorSpec, values: readonly unknown[]): ReceivedTensor {
  const dimensions = shape.slice(1).map((size, axis) => (size === -1 ? lengthAt(values[0], axis) : size));
  const width = dimensions.reduce((product, size) => product * size, 1);
  const flat = values.flatMap((value, index) => {
    // One value a row needs no list around it.
    const target = width === 1 && !Array.isArray(value) ? [] : dimensions;
    const found: unknown[] = [];
    if (flatten(value, target, found)) return found;
    const wanted = width === 1 ? 'one value' : `a list of ${dimensions.join(' × ')} values`;
    throw invalid(`The input '${name}'${inRow(index, values)} is not ${wanted}`, { field: name });
  });
  const data = inRows(values.length, width, flat, (some) => toTensorData(some, datatype, name));
  return {
    name,
    datatype: datatype satisfies TensorDatatype,
    shape: [values.length, ...dimensions],
    data,
  };
}

function lengthAt(value: unknown, axis: number): number {
  if (!Array.isArray(value)) return 1;
  return axis === 0 ? value.length : lengthAt(value[0], axis - 1);
}

/** Puts the values of nested lists one after the other; false where the lists are not of these dimensions. */
function flatten(value: unknown, dimensions: readonly number[], into: unknown[]): boolean {
  const [size, ...inner] = dimensions;
  if (size === undefined) {
    into.push(value);
    return !Array.isArray(value);
  }
  return Array.isArray(value) && value.length === size && value.every((member) => flatten(member, inner, into));
}

/** Converts all rows at once; where that fails, the message says which row it is. */
function inRows<Data>(
  rows: number,
  width: number,
  flat: readonly unknown[],
  convert: (values: readonly unknown[]) => Data,
): Data {
  try {
    return convert(flat);
  } catch (error) {
    if (rows === 1 || !(error instanceof DomainError)) throw error;
    for (let row = 0; row < rows; row++) {
      try {
        convert(flat.slice(row * width, (row + 1) * width));
      } catch {
        const { field, message } = error;
        throw invalid(`rows[${row}]: ${message}`, { ...(field !== undefined && { field }), cause: error });
      }
    }
    throw error;
  }
}

function inRow(index: number, rows: readonly unknown[]): string {
  return rows.length === 1 ? '' : ` in rows[${index}]`;
}
