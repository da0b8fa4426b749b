import { invalid } from '#kernel/errors';
import type { TensorData, TensorDatatype } from '#ports/model-runtime';

type IntegerDatatype = Exclude<TensorDatatype, 'BOOL' | 'FP16' | 'FP32' | 'FP64' | 'BYTES'>;

const RANGES: Readonly<Record<IntegerDatatype, readonly [least: number, greatest: number]>> = {
  INT8: [-(2 ** 7), 2 ** 7 - 1],
  INT16: [-(2 ** 15), 2 ** 15 - 1],
  INT32: [-(2 ** 31), 2 ** 31 - 1],
  // A JSON number beyond ±(2^53 - 1) may have been changed by whoever parsed or printed it: refused, never rounded.
  INT64: [Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER],
  UINT8: [0, 2 ** 8 - 1],
  UINT16: [0, 2 ** 16 - 1],
  UINT32: [0, 2 ** 32 - 1],
  UINT64: [0, Number.MAX_SAFE_INTEGER],
};

/** JSON values as a typed array; null is NaN among floats, since JSON has no word for it. @throws DomainError INVALID_ARGUMENT naming the input and the value */
export function toTensorData(values: readonly unknown[], datatype: TensorDatatype, name: string): TensorData {
  switch (datatype) {
    case 'FP16':
      return fillFloats(new Float16Array(values.length), values, name);
    case 'FP32':
      return fillFloats(new Float32Array(values.length), values, name);
    case 'FP64':
      return fillFloats(new Float64Array(values.length), values, name);
    case 'BYTES':
      for (const value of values) if (typeof value !== 'string') throw refuse(name, value, 'a text');
      return values as readonly string[];
    case 'BOOL':
      return Uint8Array.from(values, (value) => {
        if (value === true || value === 1) return 1;
        if (value === false || value === 0) return 0;
        throw refuse(name, value, 'true or false');
      });
    case 'INT64':
      return BigInt64Array.from(integers(values, datatype, name), BigInt);
    case 'UINT64':
      return BigUint64Array.from(integers(values, datatype, name), BigInt);
    default:
      return new INTEGER_ARRAYS[datatype](integers(values, datatype, name));
  }
}

const INTEGER_ARRAYS = {
  INT8: Int8Array,
  INT16: Int16Array,
  INT32: Int32Array,
  UINT8: Uint8Array,
  UINT16: Uint16Array,
  UINT32: Uint32Array,
} as const;

function fillFloats(
  target: Float16Array | Float32Array | Float64Array,
  values: readonly unknown[],
  name: string,
): Float16Array | Float32Array | Float64Array {
  for (let index = 0; index < values.length; index++) {
    const value = values[index] === null ? Number.NaN : values[index];
    if (typeof value !== 'number') throw refuse(name, value, 'a number');
    target[index] = value;
  }
  return target;
}

function integers(values: readonly unknown[], datatype: IntegerDatatype, name: string): readonly number[] {
  const [least, greatest] = RANGES[datatype];
  for (const value of values) {
    if (typeof value === 'number' && Number.isInteger(value) && value >= least && value <= greatest) continue;
    throw refuse(name, value, `a whole number from ${least} to ${greatest}`);
  }
  return values as readonly number[];
}

function refuse(name: string, value: unknown, wanted: string) {
  const shown = JSON.stringify(value)?.slice(0, 60) ?? 'nothing';
  return invalid(`The input '${name}' has ${shown} where ${wanted} is needed`, { field: name });
}
