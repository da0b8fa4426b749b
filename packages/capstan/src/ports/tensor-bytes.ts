import { invalid } from '#kernel/errors';
import type { TensorData, TensorDatatype } from './model-runtime.ts';

// Tensors as bytes: row-major, little-endian, BOOL one byte, BYTES each with its length before it (u32), as the binary
// tensor data extension of the Open Inference Protocol and its gRPC form (raw contents) have them.

type Numbers = Exclude<TensorData, readonly string[]>;

export type NumberDatatype = Exclude<TensorDatatype, 'BYTES'>;

interface NumberArray {
  readonly BYTES_PER_ELEMENT: number;
  new (length: number): Numbers;
  new (buffer: ArrayBufferLike, offset?: number, length?: number): Numbers;
}

const ARRAYS: Readonly<Record<NumberDatatype, NumberArray>> = {
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
};

const LENGTH_BYTES = 4;
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Bytes of one value; undefined for BYTES, whose values have lengths of their own. */
export function bytesPerValue(datatype: TensorDatatype): number | undefined {
  return datatype === 'BYTES' ? undefined : ARRAYS[datatype].BYTES_PER_ELEMENT;
}

/** An empty array for `count` values of a datatype other than BYTES. */
export function arrayOf(datatype: NumberDatatype, count: number): Numbers {
  return new ARRAYS[datatype](count);
}

/**
 * The `count` values that the bytes hold, copied out of them. BYTES must be UTF-8: what is none is refused, never replaced.
 * @throws DomainError INVALID_ARGUMENT naming the input when there are more or fewer bytes, or a BOOL is neither 0 nor 1
 */
export function tensorFromBytes(bytes: Uint8Array, datatype: TensorDatatype, count: number, name: string): TensorData {
  if (datatype === 'BYTES') return textsFrom(bytes, count, name);
  const array = ARRAYS[datatype];
  const expected = count * array.BYTES_PER_ELEMENT;
  if (bytes.byteLength !== expected) {
    throw refuse(name, `has ${bytes.byteLength} bytes; ${count} values of ${datatype} are ${expected}`);
  }
  // Values must lie at multiples of their size, which a place in a body rarely is.
  const copy = new ArrayBuffer(expected);
  new Uint8Array(copy).set(bytes);
  const values = new array(copy);
  if (datatype === 'BOOL' && (values as Uint8Array).some((value) => value > 1)) {
    throw refuse(name, 'has a byte other than 0 and 1 where BOOL is needed');
  }
  return values;
}

/** A view of bytes of our own that lie at a multiple of a value's size. @throws Error when they are not as many values, or lie elsewhere */
export function numbersAt(bytes: Uint8Array, datatype: NumberDatatype, count: number): Numbers {
  const array = ARRAYS[datatype];
  if (bytes.byteLength !== count * array.BYTES_PER_ELEMENT)
    throw new Error(`${bytes.byteLength} bytes are no ${count} values of ${datatype}`);
  return new array(bytes.buffer, bytes.byteOffset, count);
}

function textsFrom(bytes: Uint8Array, count: number, name: string): string[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const texts: string[] = [];
  let at = 0;
  while (at < bytes.byteLength) {
    const start = at + LENGTH_BYTES;
    if (texts.length === count) throw refuse(name, `has more than ${count} values of BYTES`);
    const end = start > bytes.byteLength ? Number.POSITIVE_INFINITY : start + view.getUint32(at, true);
    if (end > bytes.byteLength) throw refuse(name, `is cut off in its value ${texts.length}`);
    try {
      texts.push(utf8.decode(bytes.subarray(start, end)));
    } catch (cause) {
      throw invalid(`The input '${name}' has bytes in its value ${texts.length} that are no UTF-8 text`, {
        field: name,
        hint: 'Send text, or bytes as base64 text where the model reads that.',
        cause,
      });
    }
    at = end;
  }
  if (texts.length < count) throw refuse(name, `has ${texts.length} values of BYTES; its shape holds ${count}`);
  return texts;
}

/** The values as bytes; a view of the same memory where they are numbers. */
export function tensorToBytes(data: TensorData): Uint8Array {
  if (ArrayBuffer.isView(data)) return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  const lengths = data.map((text) => Buffer.byteLength(text, 'utf8'));
  const bytes = Buffer.allocUnsafe(lengths.reduce((sum, length) => sum + length + LENGTH_BYTES, 0));
  let at = 0;
  for (const [index, text] of data.entries()) {
    at = bytes.writeUInt32LE(lengths[index] ?? 0, at);
    at += bytes.write(text, at, 'utf8');
  }
  return bytes;
}

function refuse(name: string, problem: string) {
  return invalid(`The input '${name}' ${problem}`, { field: name });
}
