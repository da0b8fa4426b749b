import { isUtf8 } from 'node:buffer';
import { invalid } from '#kernel/errors';
import { arrayOf, bytesPerValue } from '#ports/tensor-bytes';
import type { TensorData, TensorDatatype } from '#ports/model-runtime';
import { WIRE, WireReader } from './wire-reader.ts';

/** Where an InferTensorContents lies in the message. Of several, the values follow each other, as protobuf merges them. */
export interface ContentsPlace {
  readonly start: number;
  readonly end: number;
}

interface Expected {
  readonly name: string;
  readonly datatype: TensorDatatype;
  readonly count: number;
}

/** Fields of InferTensorContents, in the order of their numbers from 1. */
const FIELDS = [
  'bool_contents',
  'int_contents',
  'int64_contents',
  'uint_contents',
  'uint64_contents',
  'fp32_contents',
  'fp64_contents',
  'bytes_contents',
] as const;

const FIELD_OF: Readonly<Record<TensorDatatype, (typeof FIELDS)[number] | null>> = {
  BOOL: 'bool_contents',
  INT8: 'int_contents',
  INT16: 'int_contents',
  INT32: 'int_contents',
  INT64: 'int64_contents',
  UINT8: 'uint_contents',
  UINT16: 'uint_contents',
  UINT32: 'uint_contents',
  UINT64: 'uint64_contents',
  FP16: null,
  FP32: 'fp32_contents',
  FP64: 'fp64_contents',
  BYTES: 'bytes_contents',
};

/**
 * The values of typed contents, packed or not.
 * @throws DomainError INVALID_ARGUMENT for values in another field than the datatype's, too many or too few, or out of range
 */
export function readContents(bytes: Buffer, places: readonly ContentsPlace[], expected: Expected): TensorData {
  const field = FIELD_OF[expected.datatype];
  if (field === null) throw refuse(expected, `is ${expected.datatype}, which only raw_input_contents can hold`);
  // Each value takes a byte or more: a shape cannot make us ask for more memory than a multiple of what was sent.
  const sent = places.reduce((sum, { start, end }) => sum + end - start, 0);
  if (expected.count > sent) throw wrongCount(expected, field, sent);
  const target = targetOf(expected);
  for (const { start, end } of places) readFields(new WireReader(bytes, start, end), expected, field, target);
  if (target.filled !== expected.count) throw wrongCount(expected, field, target.filled);
  return target.data;
}

/** Takes values one after the other. */
interface Target {
  readonly data: TensorData;
  filled: number;
  /** Wire type of a value by itself. */
  readonly wire: number;
  take(reader: WireReader, index: number): void;
}

function readFields(reader: WireReader, expected: Expected, field: string, target: Target): void {
  for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
    const named = FIELDS[Math.floor(tag / 8) - 1];
    if (named === undefined) {
      reader.skip(tag);
      continue;
    }
    if (named !== field) throw refuse(expected, `has ${named}; ${expected.datatype} is sent in ${field}`);
    if (tag % 8 === target.wire) takeOne(reader, expected, field, target);
    else if (tag % 8 === WIRE.BYTES) {
      const end = reader.lengthEnd();
      const packed = new WireReader(reader.bytes, reader.at, end);
      while (packed.at < end) takeOne(packed, expected, field, target);
      reader.at = end;
    } else throw refuse(expected, `has ${field} that are not encoded as such`);
  }
}

function takeOne(reader: WireReader, expected: Expected, field: string, target: Target): void {
  if (target.filled === expected.count) throw wrongCount(expected, field, target.filled + 1);
  target.take(reader, target.filled);
  target.filled += 1;
}

function targetOf(expected: Expected): Target {
  const { datatype, count } = expected;
  if (datatype === 'BYTES') return texts(expected);
  const data = arrayOf(datatype, count);
  if (datatype === 'FP32' || datatype === 'FP64') {
    const size = bytesPerValue(datatype) ?? 0;
    const numbers = data as Float32Array | Float64Array;
    const take = (reader: WireReader, index: number): void => {
      const at = reader.at;
      if (at + size > reader.end) throw refuse(expected, 'is cut off in a value');
      numbers[index] = size === 4 ? reader.bytes.readFloatLE(at) : reader.bytes.readDoubleLE(at);
      reader.at = at + size;
    };
    return { data, filled: 0, wire: size === 4 ? WIRE.BITS32 : WIRE.BITS64, take };
  }
  if (datatype === 'INT64' || datatype === 'UINT64') {
    const halves = new Uint32Array(data.buffer);
    return { data, filled: 0, wire: WIRE.VARINT, take: (reader, index) => reader.varint64(halves, index * 2) };
  }
  const numbers = data as Uint8Array;
  const half = new Uint32Array(2);
  const take = (reader: WireReader, index: number): void => {
    reader.varint64(half, 0);
    const [low = 0, high = 0] = half;
    // Signed numbers are written as 64 bits where they are negative, others as they are.
    const value = datatype.startsWith('INT') ? low | 0 : low;
    numbers[index] = datatype === 'BOOL' ? Number(low !== 0 || high !== 0) : value;
    if (datatype !== 'BOOL' && numbers[index] !== value)
      throw refuse(expected, `has ${value}, which is no ${datatype}`);
  };
  return { data, filled: 0, wire: WIRE.VARINT, take };
}

function texts(expected: Expected): Target {
  const data: string[] = [];
  const take = (reader: WireReader, index: number): void => {
    const view = reader.view();
    if (!isUtf8(view)) throw refuse(expected, `has bytes in its value ${index} that are no UTF-8 text`);
    data.push(view.toString('utf8'));
  };
  return { data, filled: 0, wire: WIRE.BYTES, take };
}

function wrongCount(expected: Expected, field: string, found: number) {
  const told = found > expected.count ? `more than ${expected.count}` : `${found}`;
  return refuse(expected, `has ${told} ${field}; its shape holds ${expected.count}`);
}

function refuse({ name }: Expected, problem: string) {
  return invalid(`The input '${name}' ${problem}`, { field: name });
}
