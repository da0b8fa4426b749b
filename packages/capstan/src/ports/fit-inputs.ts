import { invalid } from '#kernel/errors';
import { nearest } from '#kernel/nearest';
import type { Tensor, TensorData, TensorDatatype, TensorSpec } from './model-runtime.ts';

const ARRAYS = {
  BOOL: Uint8Array,
  UINT8: Uint8Array,
  INT8: Int8Array,
  INT16: Int16Array,
  INT32: Int32Array,
  INT64: BigInt64Array,
  UINT16: Uint16Array,
  UINT32: Uint32Array,
  UINT64: BigUint64Array,
  FP16: Float16Array,
  FP32: Float32Array,
  FP64: Float64Array,
  BYTES: Array,
} as const satisfies Record<TensorDatatype, unknown>;

/**
 * The inputs in the order of their specs, once each fits its own: name, datatype, shape (`-1` takes any size) and as
 * many values as the shape says. Pure; every runtime calls it before it lets a request near its library.
 * @throws DomainError INVALID_ARGUMENT naming the input and the place, e.g. `inputs[1].shape`
 */
export function fitInputs(specs: readonly TensorSpec[], inputs: readonly Tensor[]): readonly Tensor[] {
  const names = specs.map((spec) => spec.name);
  const places = new Map<string, number>();
  for (const [index, { name }] of inputs.entries()) {
    const field = `inputs[${index}].name`;
    if (!names.includes(name)) {
      const near = nearest(name, names);
      const hint = near === undefined ? `It takes: ${names.join(', ')}.` : `Did you mean '${near}'?`;
      throw invalid(`The model has no input '${name}'`, { field, hint });
    }
    if (places.has(name)) throw invalid(`The input '${name}' is given twice`, { field, hint: 'Give it once.' });
    places.set(name, index);
  }
  return specs.map((spec) => {
    const index = places.get(spec.name);
    const input = index === undefined ? undefined : inputs[index];
    if (input === undefined) {
      const hint = `It is ${spec.datatype} of shape ${shapeText(spec.shape)}.`;
      throw invalid(`The input '${spec.name}' is missing`, { field: 'inputs', hint });
    }
    assertFits(spec, input, `inputs[${index}]`);
    return input;
  });
}

function assertFits(spec: TensorSpec, input: Tensor, place: string): void {
  const refuse = (member: string, message: string, hint: string) =>
    invalid(`The input '${spec.name}' ${message}`, { field: `${place}.${member}`, hint });

  if (input.datatype !== spec.datatype) {
    throw refuse('datatype', `is ${input.datatype}`, `The model takes ${spec.datatype}.`);
  }
  const isShape = input.shape.every((size) => Number.isSafeInteger(size) && size >= 0);
  const isSpecified = input.shape.length === spec.shape.length;
  if (!isShape || !isSpecified || spec.shape.some((size, axis) => size !== -1 && size !== input.shape[axis])) {
    throw refuse('shape', `has the shape ${shapeText(input.shape)}`, `The model takes ${shapeText(spec.shape)}.`);
  }
  if (!(input.data instanceof ARRAYS[spec.datatype])) {
    throw refuse('data', `does not hold ${spec.datatype} values`, `Give a ${ARRAYS[spec.datatype].name}.`);
  }
  const count = input.shape.reduce((product, size) => product * size, 1);
  if (input.data.length !== count) {
    const hint = `The shape ${shapeText(input.shape)} needs ${count}.`;
    throw refuse('data', `holds ${input.data.length} values`, hint);
  }
  const wrong = indexOfWrongValue(spec.datatype, input.data);
  if (wrong !== -1) {
    const wanted = spec.datatype === 'BOOL' ? '0 or 1' : 'text without lone surrogates';
    throw refuse('data', `holds a value at ${wrong} that is no ${spec.datatype}`, `Give ${wanted}.`);
  }
}

/** What the type of the array alone cannot tell. */
function indexOfWrongValue(datatype: TensorDatatype, data: TensorData): number {
  if (datatype === 'BOOL') return data.findIndex((value: unknown) => value !== 0 && value !== 1);
  if (datatype !== 'BYTES') return -1;
  return data.findIndex((value: unknown) => typeof value !== 'string' || !value.isWellFormed());
}

function shapeText(shape: readonly number[]): string {
  return `[${shape.join(', ')}]`;
}
