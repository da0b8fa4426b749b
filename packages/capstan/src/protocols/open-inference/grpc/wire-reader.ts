import { isUtf8 } from 'node:buffer';
import { invalid } from '#kernel/errors';

/** The wire types of protobuf that are still written. */
export const WIRE = { VARINT: 0, BITS64: 1, BYTES: 2, BITS32: 5 } as const;

/**
 * Reads protobuf from a part of a buffer without copying it (protobuf.dev/programming-guides/encoding). For the messages
 * that each prediction is, of which a library would make objects first.
 */
export class WireReader {
  readonly bytes: Buffer;
  readonly end: number;
  at: number;

  constructor(bytes: Buffer, start = 0, end = bytes.length) {
    this.bytes = bytes;
    this.at = start;
    this.end = end;
  }

  /** `field << 3 | wire type` of the next field; 0 at the end, which no field has. */
  tag(): number {
    if (this.at >= this.end) return 0;
    const tag = this.varint();
    if (tag < 8 || tag > 0xff_ff_ff_ff) throw malformed('a field has no number');
    return tag;
  }

  /** An unsigned number; past 2^53 roughly, which no length or field number reaches. */
  varint(): number {
    const { bytes } = this;
    let byte = this.#next();
    if (byte < 0x80) return byte;
    let value = byte & 0x7f;
    let factor = 0x80;
    for (let count = 1; count < 10; count++) {
      byte = bytes[this.at++] ?? 0;
      if (this.at > this.end) throw malformed('it is cut off');
      value += (byte & 0x7f) * factor;
      if (byte < 0x80) return value;
      factor *= 0x80;
    }
    throw malformed('a number has more than ten bytes');
  }

  /** The 64 bits of a number as two halves, the lower one first. */
  varint64(into: Uint32Array, index: number): void {
    let low = 0;
    let high = 0;
    for (let count = 0; count < 10; count++) {
      const byte = this.#next();
      const bits = byte & 0x7f;
      const shift = count * 7;
      if (shift < 28) low |= bits << shift;
      else if (shift === 28) {
        low |= bits << 28;
        high |= bits >>> 4;
      } else high |= bits << (shift - 32);
      if (byte < 0x80) {
        into[index] = low;
        into[index + 1] = high;
        return;
      }
    }
    throw malformed('a number has more than ten bytes');
  }

  /** End of the bytes that begin here, for a field of wire type BYTES; `at` is their start then. */
  lengthEnd(): number {
    const length = this.varint();
    const end = this.at + length;
    if (end > this.end) throw malformed('it is cut off');
    return end;
  }

  /** A view of a field of wire type BYTES. */
  view(): Buffer {
    const end = this.lengthEnd();
    const view = this.bytes.subarray(this.at, end);
    this.at = end;
    return view;
  }

  text(): string {
    const end = this.lengthEnd();
    const text = this.bytes.toString('utf8', this.at, end);
    // What is no UTF-8 is replaced by this character, which is rare enough to look closer.
    if (text.includes('\uFFFD') && !isUtf8(this.bytes.subarray(this.at, end))) throw malformed('a text is no UTF-8');
    this.at = end;
    return text;
  }

  /** Passes over a field that nobody asks for. */
  skip(tag: number): void {
    const wire = tag % 8;
    if (wire === WIRE.BYTES) this.at = this.lengthEnd();
    else if (wire === WIRE.VARINT) this.varint();
    else if (wire === WIRE.BITS64 || wire === WIRE.BITS32) {
      this.at += wire === WIRE.BITS64 ? 8 : 4;
      if (this.at > this.end) throw malformed('it is cut off');
    } else throw malformed('it is not in the protobuf format');
  }

  #next(): number {
    if (this.at >= this.end) throw malformed('it is cut off');
    return this.bytes[this.at++] ?? 0;
  }
}

function malformed(reason: string) {
  return invalid(`The message is no ModelInferRequest: ${reason}`);
}
