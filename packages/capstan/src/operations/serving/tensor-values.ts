import { invalid } from '#kernel/errors';
import type { TensorData, TensorDatatype } from '#ports/model-runtime';

const RANGES = {
  INT8: [-(2 ** 7), 2 ** 7 - 1],
  INT16: [-(2 ** 15), 2 ** 15 - 1],
  INT32: [-(2 ** 31), 2 ** 31 - 1],
  UINT8: [0, 2 ** 8 - 1],
  UINT16: [0, 2 ** 16 - 1],
  UINT32: [0, 2 ** 32 - 1],
} as const;

const LONG_RANGES = { INT64: [-(2n ** 63n), 2n ** 63n - 1n], UINT64: [0n, 2n ** 64n - 1n] } as const;

/**
 * JSON values as a typed array; null is NaN among floats, since JSON has no word for it. Whole numbers may come as bigint,
 * which is how 64-bit ones beyond 2^53 come unchanged.
 * @throws DomainError INVALID_ARGUMENT naming the input and the value
 */
export function toTensorData(values: readonly unknown[], datatype: TensorDatatype, name: string): TensorData {
  switch (datatype) {
    case 'FP16':
    case 'FP32':
    case 'FP64':
      return floats(values, datatype, name);
    case 'BYTES':
      for (const value of values) {
        if (typeof value !== 'string') throw refuse(name, value, 'a text');
        if (!value.isWellFormed()) throw refuse(name, value, 'a text of whole characters (no lone surrogates)');
      }
      return values as readonly string[];
    case 'BOOL':
      return Uint8Array.from(values, (value) => {
        if (value === true || value === 1) return 1;
        if (value === false || value === 0) return 0;
        throw refuse(name, value, 'true or false');
      });
    case 'INT64':
      return BigInt64Array.from(values, (value) => longInteger(value, datatype, name));
    case 'UINT64':
      return BigUint64Array.from(values, (value) => longInteger(value, datatype, name));
    default:
      return integers(values, datatype, name);
  }
}

const FLOAT_ARRAYS = { FP16: Float16Array, FP32: Float32Array, FP64: Float64Array } as const;

const INTEGER_ARRAYS = {
  INT8: Int8Array,
  INT16: Int16Array,
  INT32: Int32Array,
  UINT8: Uint8Array,
  UINT16: Uint16Array,
  UINT32: Uint32Array,
} as const;

function floats(values: readonly unknown[], datatype: 'FP16' | 'FP32' | 'FP64', name: string): TensorData {
  const target = new FLOAT_ARRAYS[datatype](values.length);
  for (let index = 0; index < values.length; index++) {
    const value = values[index] === null ? Number.NaN : values[index];
    if (typeof value !== 'number') throw refuse(name, value, 'a number');
    target[index] = value;
    // JSON has no infinity: this one is a number that is too large.
    if (Math.abs(target[index] as number) === Infinity) throw refuse(name, value, `a number that ${datatype} can hold`);
  }
  return target;
}

function integers(values: readonly unknown[], datatype: keyof typeof INTEGER_ARRAYS, name: string): TensorData {
  const [least, greatest] = RANGES[datatype];
  for (const value of values) {
    if (typeof value === 'number' && Number.isInteger(value) && value >= least && value <= greatest) continue;
    throw refuse(name, value, `a whole number from ${least} to ${greatest}`);
  }
  return new INTEGER_ARRAYS[datatype](values as readonly number[]);
}

function longInteger(value: unknown, datatype: 'INT64' | 'UINT64', name: string): bigint {
  const [least, greatest] = LONG_RANGES[datatype];
  // A double past ±(2^53 - 1) may have been another number in what the caller wrote: refused, never rounded.
  const isSure = typeof value === 'bigint' || Number.isSafeInteger(value);
  const exact = isSure ? BigInt(value as bigint | number) : undefined;
  if (exact !== undefined && exact >= least && exact <= greatest) return exact;
  throw refuse(name, value, `a whole number from ${least} to ${greatest}`);
}

function refuse(name: string, value: unknown, wanted: string) {
  return invalid(`The input '${name}' has ${describeValue(value)} where ${wanted} is needed`, { field: name });
}

/** Never more than a line of it, however large or deep it is. */
function describeValue(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value.slice(0, 60));
  if (typeof value !== 'object' || value === null) return String(value);
  return Array.isArray(value) ? 'a list' : 'an object';
}
