import { noModel, varintAt } from './self-contained.ts';

/** A field of a protobuf message where it stands: `start` to `end` is its value, `at` to `end` the field with its tag. */
export interface ProtoField {
  readonly number: number;
  readonly wire: number;
  readonly at: number;
  readonly start: number;
  readonly end: number;
}

/** The fields of a message, in their order. @throws DomainError INVALID_ARGUMENT for bytes that are none */
export function fieldsOf(bytes: Uint8Array, from = 0, to = bytes.length): ProtoField[] {
  const fields: ProtoField[] = [];
  for (let at = from; at < to;) {
    const tag = varintAt(bytes, at, to);
    const wire = tag.value % 8;
    const { start, end } = valueAt(bytes, wire, tag.next, to);
    if (end > to) throw noModel('it is cut off');
    fields.push({ number: Math.floor(tag.value / 8), wire, at, start, end });
    at = end;
  }
  return fields;
}

function valueAt(bytes: Uint8Array, wire: number, at: number, to: number): { start: number; end: number } {
  if (wire === 0) return { start: at, end: varintAt(bytes, at, to).next };
  if (wire === 1 || wire === 5) return { start: at, end: at + (wire === 1 ? 8 : 4) };
  if (wire !== 2) throw noModel('it is not in the protobuf format');
  const length = varintAt(bytes, at, to);
  return { start: length.next, end: length.next + length.value };
}

/** The text of a field. */
export function textOf(bytes: Uint8Array, { start, end }: ProtoField): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start).toString('utf8');
}

/** Signed 64-bit numbers of a field, one or packed. */
export function integersOf(bytes: Uint8Array, { wire, start, end }: ProtoField): bigint[] {
  if (wire !== 0 && wire !== 2) return [];
  const values: bigint[] = [];
  for (let at = start; at < end;) {
    const { next } = varintAt(bytes, at, end);
    let value = 0n;
    for (let index = at; index < next; index++) value |= BigInt((bytes[index] ?? 0) & 0x7f) << BigInt(7 * (index - at));
    values.push(BigInt.asIntN(64, value));
    at = next;
  }
  return values;
}

/** A field with a message, a text or bytes. */
export function lengthField(number: number, value: Uint8Array | string): Buffer {
  const body = typeof value === 'string' ? Buffer.from(value) : value;
  return Buffer.concat([lengthPrefix(number, body.length), body]);
}

/** What stands before so many bytes of a field's value. */
export function lengthPrefix(number: number, bytes: number): Buffer {
  return Buffer.concat([varint(number * 8 + 2), varint(bytes)]);
}

/** A field with a number. */
export function numberField(number: number, value: number): Buffer {
  return Buffer.concat([varint(number * 8), varint(value)]);
}

function varint(value: number): Buffer {
  const bytes: number[] = [];
  for (let rest = value; ; rest = Math.floor(rest / 128)) {
    if (rest < 128) return Buffer.from([...bytes, rest]);
    bytes.push((rest % 128) + 128);
  }
}
