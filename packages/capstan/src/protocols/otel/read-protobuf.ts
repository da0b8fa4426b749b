// Loaded with the first request of this encoding: a start needs no protobuf.
import { BinaryReader, WireType } from '@bufbuild/protobuf/wire';
import { DEEPEST, MOST_MESSAGES, type Field, type MessageSpec, type Read } from './messages.ts';

const wireTypes = {
  string: WireType.LengthDelimited,
  bytes: WireType.LengthDelimited,
  id: WireType.LengthDelimited,
  fixed64: WireType.Bit64,
  double: WireType.Bit64,
  int64: WireType.Varint,
  bool: WireType.Varint,
  enum: WireType.Varint,
} as const;

/** Reads a message; fields it does not know are skipped. @throws Error for bytes that are none */
export function readProtobuf(spec: MessageSpec, bytes: Uint8Array): Read {
  let left = MOST_MESSAGES;

  function read(message: MessageSpec, reader: BinaryReader, end: number, depth: number): Read {
    if (depth > DEEPEST) throw new Error('Messages are nested too deeply');
    if (--left < 0) throw new Error('There are too many messages');
    const result: Record<string, unknown> = {};
    for (const field of message.fields) if (field.isList) result[field.name] = [];
    while (reader.pos < end) {
      const [number, wireType] = reader.tag();
      const field = message.byNumber.get(number);
      if (!field || wireType !== wireTypeOf(field)) reader.skip(wireType, number);
      else keep(result, field, readValue(field, reader, depth));
    }
    if (reader.pos !== end) throw new Error('A message ends inside a field');
    return result;
  }

  function readValue({ kind }: Field, reader: BinaryReader, depth: number): unknown {
    if (typeof kind === 'function') {
      const length = reader.uint32();
      if (length > reader.len - reader.pos) throw new Error('A message is longer than what holds it');
      return read(kind(), reader, reader.pos + length, depth + 1);
    }
    switch (kind) {
      case 'string':
        return reader.string(true);
      case 'bytes':
        return reader.bytes().slice();
      case 'id':
        return Buffer.from(reader.bytes()).toString('hex');
      case 'fixed64':
        return BigInt(reader.fixed64());
      case 'int64':
        return BigInt(reader.int64());
      case 'double':
        return reader.double();
      case 'bool':
        return reader.bool();
      case 'enum':
        return reader.int32();
    }
  }

  const reader = new BinaryReader(bytes);
  return read(spec, reader, reader.len, 1);
}

function wireTypeOf({ kind }: Field): WireType {
  return typeof kind === 'function' ? WireType.LengthDelimited : wireTypes[kind];
}

function keep(result: Record<string, unknown>, field: Field, value: unknown): void {
  if (field.isList) (result[field.name] as unknown[]).push(value);
  else result[field.name] = value;
}
