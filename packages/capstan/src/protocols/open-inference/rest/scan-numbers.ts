// Reads JSON arrays of numbers from bytes straight into doubles. JSON.parse makes an object of each number first, which
// for a thousand rows costs more than many a model. Same values as JSON.parse, to the bit: property-tested against it.
import { lastNumber, readNumber } from './read-number.ts';

/** A JSON array of numbers and nulls, nested or flat. */
export interface ScannedNumbers {
  /** Row-major; NaN for null. A view of memory that the next scan writes over. */
  readonly values: Float64Array;
  /** Offset behind its last bracket. */
  readonly end: number;
  /** Items at each depth, outermost first. */
  readonly sizes: readonly number[];
  readonly hasNull: boolean;
  /** Some number's text may say more than its double. */
  readonly hasLong: boolean;
}

export const MAX_DEPTH = 8;
const LEAST_ROOM = 4_096;

const COMMA = 0x2c;
const OPEN = 0x5b;
const CLOSE = 0x5d;
const MINUS = 0x2d;
const ZERO = 0x30;
const SPACE = 0x20;

let scratch = new Float64Array(LEAST_ROOM);

/**
 * The array that begins with the bracket at `from`; undefined where it holds anything but numbers, nulls and rows of equal
 * length, or is no JSON.
 */
export function scanNumbers(bytes: Uint8Array, from: number): ScannedNumbers | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const { length } = bytes;
  let values = scratch;
  const sizes: number[] = [];
  // Arrays begun so far at each depth but the last; the last one's items are counted by the numbers read.
  const counts: number[] = [0];
  let depth = 1;
  let leafDepth = 0;
  let leafStart = 0;
  let count = 0;
  let hasNull = false;
  let hasLong = false;
  let wantsValue = true;
  let isAfterComma = false;
  let at = from + 1;
  while (at < length) {
    const byte = bytes[at] as number;
    if (byte === COMMA) {
      if (wantsValue) return undefined;
      wantsValue = true;
      isAfterComma = true;
      at += 1;
    } else if ((byte >= ZERO && byte <= 0x39) || byte === MINUS || byte === 0x6e) {
      if (!wantsValue) return undefined;
      if (depth !== leafDepth) {
        if (leafDepth !== 0 || counts[depth - 1] !== 0) return undefined;
        leafDepth = depth;
        leafStart = count;
      }
      if (byte === 0x6e) {
        if (!isNull(bytes, at)) return undefined;
        if (count === values.length) values = grow();
        values[count++] = Number.NaN;
        hasNull = true;
        at += 4;
      } else {
        // Numbers with nothing but a comma between them, most of every body, in a loop of their own.
        let next = byte;
        do {
          if (next === COMMA) at += 1;
          if (count === values.length) values = grow();
          const end = readNumber(bytes, view, at, values, count);
          if (end < 0) return undefined;
          if (lastNumber.isLong) hasLong = true;
          count += 1;
          at = end;
          next = bytes[at] as number;
        } while (next === COMMA && (bytes[at + 1] as number) >= MINUS && (bytes[at + 1] as number) <= 0x39);
      }
      wantsValue = false;
    } else if (byte === SPACE || byte === 0x0a || byte === 0x0d || byte === 0x09) {
      at += 1;
    } else if (byte === CLOSE) {
      if (wantsValue && isAfterComma) return undefined;
      const size = depth === leafDepth ? count - leafStart : (counts[depth - 1] as number);
      const known = sizes[depth - 1];
      if (known === undefined) sizes[depth - 1] = size;
      else if (known !== size) return undefined;
      depth -= 1;
      at += 1;
      if (depth === 0) return { values: values.subarray(0, count), end: at, sizes, hasNull, hasLong };
      wantsValue = false;
    } else if (byte === OPEN) {
      if (!wantsValue) return undefined;
      if (depth === leafDepth) return undefined;
      if (depth === MAX_DEPTH) return undefined;
      counts[depth - 1] = (counts[depth - 1] as number) + 1;
      counts[depth] = 0;
      depth += 1;
      leafStart = count;
      isAfterComma = false;
      at += 1;
    } else {
      return undefined;
    }
  }
  return undefined;
}

function isNull(bytes: Uint8Array, at: number): boolean {
  return bytes[at + 1] === 0x75 && bytes[at + 2] === 0x6c && bytes[at + 3] === 0x6c;
}

function grow(): Float64Array<ArrayBuffer> {
  const larger = new Float64Array(scratch.length * 2);
  larger.set(scratch);
  scratch = larger;
  return larger;
}
