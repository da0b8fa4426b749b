import { invalid } from '#kernel/errors';
import { toTensorData } from '#operations/serving';
import type { TensorData, TensorDatatype } from '#ports/model-runtime';
import type { CapturedNumbers } from './read-envelope.ts';

const LARGEST = { FP16: 65_520, FP32: 2 ** 128 - 2 ** 103, FP64: Infinity } as const;
const FLOATS = { FP16: Float16Array, FP32: Float32Array, FP64: Float64Array } as const;
/** Exact as a double and below, so that the two halves of a 64-bit integer can be told by arithmetic. */
const HALF = 2 ** 32;

/**
 * Numbers that were read from JSON, as a tensor's values.
 * @throws DomainError INVALID_ARGUMENT naming the input and the value
 */
export function capturedData(numbers: CapturedNumbers, datatype: TensorDatatype, name: string): TensorData {
  const { values, hasNull, hasLong } = numbers;
  switch (datatype) {
    case 'FP16':
    case 'FP32':
    case 'FP64':
      return floats(values, datatype, name);
    case 'INT64':
    case 'UINT64':
      if (hasLong) return longIntegers(numbers, datatype, name);
      if (hasNull) break;
      return shortIntegers(values, datatype, name);
    case 'BOOL':
    case 'BYTES':
      break;
    default:
      if (hasNull) break;
      return toTensorData(values as unknown as readonly number[], datatype, name);
  }
  return toTensorData(withNulls(values), datatype, name);
}

function floats(values: Float64Array, datatype: keyof typeof FLOATS, name: string): TensorData {
  const largest = LARGEST[datatype];
  // NaN, for null, passes: it is no number that is too large.
  for (let index = 0; index < values.length; index++) {
    const value = values[index] as number;
    if (value >= largest || value <= -largest) throw tooLarge(value, datatype, name);
  }
  return new FLOATS[datatype](values);
}

function tooLarge(value: number, datatype: string, name: string): Error {
  return invalid(`The input '${name}' has ${value}, which ${datatype} cannot hold`, {
    field: name,
    hint: 'Infinity can be sent as binary data.',
  });
}

/** Doubles that are exact, as 64-bit integers. */
function shortIntegers(values: Float64Array, datatype: 'INT64' | 'UINT64', name: string): TensorData {
  const integers = datatype === 'INT64' ? new BigInt64Array(values.length) : new BigUint64Array(values.length);
  const halves = new Int32Array(integers.buffer);
  for (let index = 0; index < values.length; index++) {
    const value = values[index] as number;
    if (!Number.isSafeInteger(value) || (value < 0 && datatype === 'UINT64')) {
      return toTensorData(Array.from(values), datatype, name);
    }
    halves[index * 2] = value % HALF;
    halves[index * 2 + 1] = Math.floor(value / HALF);
  }
  return integers;
}

/** From the text, since the doubles have lost digits. */
function longIntegers({ text }: CapturedNumbers, datatype: 'INT64' | 'UINT64', name: string): TensorData {
  const values = text
    .replaceAll(/[[\]\s]+/g, '')
    .split(',')
    .map((written) => {
      return /^-?\d+$/.test(written) ? BigInt(written) : written === 'null' ? null : Number(written);
    });
  return toTensorData(values, datatype, name);
}

function withNulls(values: Float64Array): (number | null)[] {
  return Array.from(values, (value) => (Number.isNaN(value) ? null : value));
}
