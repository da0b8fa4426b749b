import { invalid } from '#kernel/errors';
import { toTensorData, type Description, type ReceivedTensor } from '#operations/serving';
import type { TensorDatatype, TensorSpec } from '#ports/model-runtime';
import type { ScoringInput } from './parse-body.ts';

/**
 * The tensors that a model takes, from rows in MLflow's forms. Columns go by name: extra ones are dropped, their order
 * is free, whole numbers and numeric texts become what the model takes. A model with one input of several values a row
 * takes rows without names too. A missing value (null) is NaN where the model takes floats, as pandas has it, and refused
 * elsewhere. Where a request is one row as a whole, a column, a value by name or the matrix is a whole tensor.
 * @throws DomainError INVALID_ARGUMENT naming the column
 */
export function toTensors(input: ScoringInput, description: Description): ReceivedTensor[] {
  const { inputs, contextColumns } = description;
  const forModel = inputs.filter((spec) => !contextColumns.includes(spec.name));
  const [only] = forModel;
  const isMatrixModel = only !== undefined && forModel.length === 1 && only.shape.length === 2;
  if (description.isOneRow === true) return wholeTensors(input, description, forModel);
  if (input.kind === 'matrix') {
    if (isMatrixModel) return [matrix(only, input.rows)];
    throw invalid('Rows without column names do not say which input is which', {
      field: 'body',
      hint: `Send dataframe_split with columns; the model takes ${forModel.map((spec) => spec.name).join(', ')}.`,
    });
  }
  if (input.kind === 'columns') return byName(inputs, contextColumns, (name) => input.columns[name]);
  const { columns, rows } = input;
  const hasNamed = columns !== undefined && forModel.every((spec) => columns.includes(spec.name));
  if (isMatrixModel && !hasNamed) return tableMatrix(only, input, inputs, contextColumns);
  if (columns === undefined) throw invalid('dataframe_split has no columns', { field: 'dataframe_split.columns' });
  return byName(inputs, contextColumns, (name) => {
    const index = columns.indexOf(name);
    return index < 0 ? undefined : rows.map((row) => row[index]);
  });
}

/** All columns that are not of the context are the model's one input. */
function tableMatrix(
  only: TensorSpec,
  { columns = [], rows }: Extract<ScoringInput, { kind: 'table' }>,
  inputs: readonly TensorSpec[],
  contextColumns: readonly string[],
): ReceivedTensor[] {
  const context = contextColumns.filter((name) => columns.includes(name));
  if (context.length === 0) return [matrix(only, rows)];
  const places = columns.flatMap((name, place) => (context.includes(name) ? [] : [place]));
  const specs = inputs.filter(({ name }) => context.includes(name));
  const valuesOf = (name: string): unknown[] => rows.map((row) => row[columns.indexOf(name)]);
  const features = rows.map((row) => places.map((place) => row[place]));
  return [...byName(specs, contextColumns, valuesOf), matrix(only, features)];
}

function byName(
  specs: readonly TensorSpec[],
  contextColumns: readonly string[],
  columnOf: (name: string) => unknown,
): ReceivedTensor[] {
  return specs.flatMap((spec) => {
    const values = columnOf(spec.name);
    if (values === undefined) {
      if (contextColumns.includes(spec.name)) return [];
      const taken = specs.filter(({ name }) => !contextColumns.includes(name)).map(({ name }) => name);
      throw invalid(`Model is missing inputs: ['${spec.name}']`, {
        field: spec.name,
        hint: `The model takes ${taken.join(', ')}.`,
      });
    }
    if (!Array.isArray(values)) throw invalid(`The column '${spec.name}' is not a list`, { field: spec.name });
    if (contextColumns.includes(spec.name)) return [contextColumn(spec.name, values)];
    if (Array.isArray(values[0])) return [matrix(spec, values)];
    return [column(spec, values)];
  });
}

function wholeTensors(
  input: ScoringInput,
  { inputs, contextColumns }: Description,
  forModel: readonly TensorSpec[],
): ReceivedTensor[] {
  const valuesOf = (name: string): unknown => {
    if (input.kind === 'columns') return input.columns[name];
    if (input.kind === 'matrix') return forModel.length === 1 ? input.rows : undefined;
    const place = input.columns?.indexOf(name) ?? -1;
    return place < 0 ? undefined : input.rows.map((row) => row[place]);
  };
  return inputs.flatMap((spec) => {
    const values = valuesOf(spec.name);
    if (contextColumns.includes(spec.name))
      return values === undefined ? [] : [contextColumn(spec.name, [values].flat())];
    if (values !== undefined) return [wholeTensor(spec, values)];
    throw invalid(`Model is missing inputs: ['${spec.name}']`, {
      field: spec.name,
      hint: `The model takes ${forModel.map(({ name }) => name).join(', ')}, each as a whole.`,
    });
  });
}

/** The one size that the model leaves open follows from the values. */
function wholeTensor({ name, datatype, shape }: TensorSpec, values: unknown): ReceivedTensor {
  const flat: unknown[] = [values].flat(Number.POSITIVE_INFINITY);
  const known = shape.reduce((product, size) => (size === -1 ? product : product * size), 1);
  const open = flat.length / known;
  const isOpen = shape.filter((size) => size === -1).length === 1;
  if (flat.length === 0 || !Number.isInteger(open) || (!isOpen && open !== 1)) {
    const hint = 'Send it by the Open Inference Protocol, which tells shapes.';
    throw invalid(`The input '${name}' has ${flat.length} values; the model takes [${shape.join(', ')}]`, {
      field: name,
      ...(shape.includes(-1) && { hint }),
    });
  }
  const cast = flat.map((value) => castValue(value, datatype, name));
  return {
    name,
    datatype,
    shape: shape.map((size) => (size === -1 ? open : size)),
    data: toTensorData(cast, datatype, name),
  };
}

function column(spec: TensorSpec, values: readonly unknown[]): ReceivedTensor {
  const cast = values.map((value) => castValue(value, spec.datatype, spec.name));
  const shape = spec.shape.length === 1 ? [values.length] : [values.length, 1];
  return {
    name: spec.name,
    datatype: spec.datatype,
    shape,
    data: toTensorData(cast, spec.datatype, spec.name),
  };
}

/** Times and ids keep their own type: text as text, whole numbers as numbers. */
function contextColumn(name: string, values: readonly unknown[]): ReceivedTensor {
  const datatype: TensorDatatype = typeof values[0] === 'number' ? 'INT64' : 'BYTES';
  return { name, datatype, shape: [values.length], data: toTensorData(values, datatype, name) };
}

function matrix(spec: TensorSpec, rows: readonly unknown[]): ReceivedTensor {
  const width = Array.isArray(rows[0]) ? rows[0].length : 1;
  const flat: unknown[] = [];
  for (const row of rows) {
    const values: readonly unknown[] = Array.isArray(row) ? row : [row];
    if (values.length !== width) throw invalid(`The rows of '${spec.name}' have unequal lengths`, { field: spec.name });
    for (const value of values) flat.push(value);
  }
  const cast = flat.map((value) => castValue(value, spec.datatype, spec.name));
  const data = toTensorData(cast, spec.datatype, spec.name);
  return { name: spec.name, datatype: spec.datatype, shape: [rows.length, width], data };
}

type JsonScalar = number | string | boolean | null;

function castValue(value: unknown, datatype: TensorDatatype, name: string): JsonScalar | bigint {
  const isFloat = datatype === 'FP32' || datatype === 'FP64' || datatype === 'FP16';
  if (value === null || value === undefined) {
    if (isFloat) return null;
    throw invalid(`The column '${name}' has a missing value`, { field: name });
  }
  if (datatype === 'BYTES') return value as JsonScalar;
  if (datatype === 'BOOL') return booleanIn(value) as JsonScalar;
  if (typeof value === 'bigint') return isFloat ? Number(value) : value;
  if (typeof value === 'boolean') return Number(value);
  if (typeof value !== 'string' || !NUMBER_TEXT.test(value.trim())) return value as JsonScalar;
  const number = Number(value);
  return !isFloat && !Number.isSafeInteger(number) && /^[-+]?\d+$/.test(value.trim()) ? BigInt(value.trim()) : number;
}

const NUMBER_TEXT = /^[-+]?(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?$/i;

/** As pandas and Python write them. */
function booleanIn(value: unknown): unknown {
  if (typeof value !== 'string') return value;
  const text = value.toLowerCase();
  return text === 'true' ? true : text === 'false' ? false : value;
}
