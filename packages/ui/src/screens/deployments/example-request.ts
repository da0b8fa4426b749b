// A request that a deployment takes, with values of the right types: as a tensor request of the Open Inference Protocol
// for an ONNX model, in MLflow's scoring forms for a Python one.
import type { Reply } from '../../app/replies.ts';
import type { api } from '../../app/api.ts';

type Request = Reply<typeof api.deployments.request>;
type Input = NonNullable<Request['inputs']>[number];

/** The same value many times: written out it would fill the screen. */
export class Fill {
  readonly value: Scalar;
  readonly count: number;
  constructor(value: Scalar, count: number) {
    this.value = value;
    this.count = count;
  }
}

export type Scalar = number | string | boolean;

export interface Example {
  /** Of the data plane. */
  readonly path: string;
  readonly body: object;
  /** What the model does not say by itself. */
  readonly note?: string;
}

const MAX_WRITTEN = 32;

/** Tensors by their shapes, one row where the request may choose; the columns that are only logged come first. */
export function tensorExample(deployment: string, { context, inputs }: Request): Example {
  const rows = inputs?.find(({ shape }) => (shape[0] ?? -1) > 0)?.shape[0] ?? 1;
  const ids = Array.from({ length: rows }, (_, row) => `example-${row + 1}`);
  return {
    path: `/v2/models/${deployment}/infer`,
    body: {
      inputs: [
        ...(context.id === null ? [] : [{ name: context.id, shape: [rows], datatype: 'BYTES', data: ids }]),
        ...(inputs ?? []).map((input) => tensorOf(input, rows)),
      ],
    },
  };
}

function tensorOf({ name, datatype, shape: declared }: Input, rows: number): object {
  const shape = declared.map((size, axis) => (size >= 0 ? size : axis === 0 ? rows : 1));
  const count = shape.reduce((product, size) => product * size, 1);
  const value = datatypeExample(datatype);
  const data = count > MAX_WRITTEN ? new Fill(value, count) : Array.from({ length: count }, () => value);
  return { name, shape, datatype, data };
}

function datatypeExample(datatype: string): Scalar {
  if (datatype === 'BYTES') return 'text';
  if (datatype === 'BOOL') return true;
  return datatype.startsWith('FP') ? 0.5 : 1;
}

/** One item of MLflow's signature, or a part of one that holds others. */
interface Item {
  readonly name?: string;
  readonly type?: string;
  readonly 'tensor-spec'?: { readonly dtype: string; readonly shape: readonly number[] };
  readonly items?: Item;
  readonly properties?: Readonly<Record<string, Item>>;
  readonly values?: Item;
}

/** @param signature JSON text of the inputs, as the MLmodel file has it; null where the model has none */
export function scoringExample(deployment: string, signature: string | null): Example {
  const path = `/models/${deployment}/invocations`;
  const items = itemsOf(signature);
  const [first] = items;
  if (!first) {
    const note = 'The model was logged without a signature: put in what its predict takes.';
    return { path, body: { inputs: [[0.5, 0.5]] }, note };
  }
  if (first['tensor-spec']) {
    if (items.length === 1 && first.name === undefined) return { path, body: { inputs: arrayOf(first) } };
    return { path, body: { inputs: Object.fromEntries(items.map((item) => [item.name, arrayOf(item)])) } };
  }
  const row = items.map(itemExample);
  if (first.name === undefined) return { path, body: { inputs: [items.length === 1 ? row[0] : row] } };
  return { path, body: { dataframe_split: { columns: items.map(({ name }) => name), data: [row] } } };
}

function itemsOf(signature: string | null): readonly Item[] {
  if (signature === null) return [];
  try {
    const parsed: unknown = JSON.parse(signature);
    return Array.isArray(parsed) ? (parsed as Item[]) : [];
  } catch {
    return [];
  }
}

/** Nested lists of a tensor's shape. */
function arrayOf({ 'tensor-spec': spec }: Item): unknown {
  const { dtype, shape } = spec ?? { dtype: 'float64', shape: [-1] };
  const nest = ([size, ...inner]: readonly number[]): unknown => {
    if (size === undefined) return dtypeExample(dtype);
    const length = size < 0 ? 1 : size;
    if (inner.length === 0 && length > MAX_WRITTEN) return new Fill(dtypeExample(dtype), length);
    return Array.from({ length }, () => nest(inner));
  };
  return nest(shape);
}

function dtypeExample(dtype: string): Scalar {
  if (/^u?int/.test(dtype)) return 1;
  if (dtype === 'bool') return true;
  return dtype.startsWith('float') ? 0.5 : 'text';
}

/** A value of one of MLflow's column types. */
function itemExample({ type, items, properties, values }: Item): unknown {
  switch (type) {
    case 'boolean':
      return true;
    case 'integer':
    case 'long':
      return 1;
    case 'float':
    case 'double':
      return 0.5;
    case 'binary':
      return 'AAEC';
    case 'datetime':
      return '2026-01-01T00:00:00';
    case 'array':
      return [itemExample(items ?? {})];
    case 'map':
      return { key: itemExample(values ?? {}) };
    case 'object':
      return Object.fromEntries(Object.entries(properties ?? {}).map(([name, item]) => [name, itemExample(item)]));
    default:
      return 'text';
  }
}
