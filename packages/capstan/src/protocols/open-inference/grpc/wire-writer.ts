import { WIRE } from './wire-reader.ts';

/** Longest varint of a length or a size. */
const VARINT_BYTES = 10;
/** Of UTF-8, for each unit of a JavaScript string. */
const MOST_BYTES_PER_UNIT = 3;

/** Writes protobuf into one growing buffer: the counterpart of WireReader. */
export class WireWriter {
  #bytes: Buffer;
  #at: number;

  /** @param reserved bytes left free at the beginning @param expected bytes that will be written, roughly */
  constructor(reserved: number, expected: number) {
    this.#bytes = Buffer.allocUnsafe(reserved + expected);
    this.#at = reserved;
  }

  done(): Buffer {
    return this.#bytes.subarray(0, this.#at);
  }

  number(field: number, value: number): void {
    this.#grow(2 * VARINT_BYTES);
    this.#varint(field * 8 + WIRE.VARINT);
    this.#varint(value);
  }

  text(field: number, text: string): void {
    this.message(field, () => {
      this.#grow(text.length * MOST_BYTES_PER_UNIT);
      this.#at += this.#bytes.write(text, this.#at, 'utf8');
    });
  }

  bytes(field: number, bytes: Uint8Array): void {
    this.#grow(2 * VARINT_BYTES + bytes.length);
    this.#varint(field * 8 + WIRE.BYTES);
    this.#varint(bytes.length);
    this.#bytes.set(bytes, this.#at);
    this.#at += bytes.length;
  }

  /** Whole numbers from 0 to 2^53, packed. */
  packed(field: number, values: readonly number[]): void {
    this.message(field, () => {
      this.#grow(values.length * VARINT_BYTES);
      for (const value of values) this.#varint(value);
    });
  }

  /** A field whose length is known once it is written: one byte is left for it, and more made where it takes more. */
  message(field: number, write: () => void): void {
    this.#grow(2 * VARINT_BYTES);
    this.#varint(field * 8 + WIRE.BYTES);
    const start = this.#at + 1;
    this.#at = start;
    write();
    const end = this.#at;
    const length = end - start;
    this.#grow(VARINT_BYTES);
    const extra = varintBytes(length) - 1;
    if (extra > 0) this.#bytes.copyWithin(start + extra, start, end);
    this.#at = start - 1;
    this.#varint(length);
    this.#at = end + extra;
  }

  #varint(value: number): void {
    let rest = value;
    while (rest >= 0x80) {
      this.#bytes[this.#at++] = (rest % 0x80) + 0x80;
      rest = Math.floor(rest / 0x80);
    }
    this.#bytes[this.#at++] = rest;
  }

  #grow(bytes: number): void {
    const needed = this.#at + bytes;
    if (needed <= this.#bytes.length) return;
    const grown = Buffer.allocUnsafe(Math.max(needed, 2 * this.#bytes.length));
    this.#bytes.copy(grown, 0, 0, this.#at);
    this.#bytes = grown;
  }
}

function varintBytes(value: number): number {
  let count = 1;
  for (let rest = value; rest >= 0x80; rest = Math.floor(rest / 0x80)) count++;
  return count;
}
