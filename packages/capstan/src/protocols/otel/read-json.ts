import { parseInt64 } from '#kernel/int64';
import { DEEPEST, MOST_MESSAGES, type Field, type FieldKind, type MessageSpec, type Read } from './messages.ts';

/** A whole number that is written bare and may be more than a double holds. */
const LONG_NUMBER = /(?<![\d."])\d{16,}(?![\d.eE])/;
/** Names of the one enumeration that is read: how a span ended. */
const enumNames = ['STATUS_CODE_UNSET', 'STATUS_CODE_OK', 'STATUS_CODE_ERROR'];

/**
 * Reads a message from OTLP's JSON: ids in hex, 64-bit integers as text or numbers, names in either spelling; fields it
 * does not know are skipped. @throws Error for text that is none
 */
export function readJson(spec: MessageSpec, text: string): Read {
  let left = MOST_MESSAGES;

  function read(message: MessageSpec, given: unknown, depth: number): Read {
    if (typeof given !== 'object' || given === null || Array.isArray(given)) throw new Error('An object is expected');
    if (depth > DEEPEST) throw new Error('Messages are nested too deeply');
    if (--left < 0) throw new Error('There are too many messages');
    const result: Record<string, unknown> = {};
    for (const field of message.fields) if (field.isList) result[field.name] = [];
    for (const [name, value] of Object.entries(given)) {
      const field = message.byName.get(name);
      if (!field || value === null) continue;
      result[field.name] = field.isList ? readList(field, value, depth) : readOne(field, value, depth);
    }
    return result;
  }

  function readList(field: Field, value: unknown, depth: number): unknown[] {
    if (!Array.isArray(value)) throw new Error('A list is expected');
    return value.map((item: unknown) => readOne(field, item, depth));
  }

  function readOne({ kind }: Field, value: unknown, depth: number): unknown {
    return typeof kind === 'function' ? read(kind(), value, depth + 1) : readScalar(kind, value);
  }

  return read(spec, LONG_NUMBER.test(text) ? JSON.parse(text, exactly) : JSON.parse(text), 1);
}

function exactly(_key: string, value: unknown, context?: { readonly source?: string }): unknown {
  if (typeof value !== 'number' || Number.isSafeInteger(value)) return value;
  const source = context?.source ?? '';
  return /^-?\d{16,20}$/.test(source) ? BigInt(source) : value;
}

function readScalar(kind: FieldKind, value: unknown): unknown {
  switch (kind) {
    case 'string':
      if (typeof value === 'string') return value;
      break;
    case 'bytes':
      if (typeof value === 'string' && /^[\w+/-]*={0,2}$/.test(value))
        return new Uint8Array(Buffer.from(value, 'base64'));
      break;
    case 'id':
      if (typeof value === 'string' && value.length % 2 === 0 && /^[\da-f]*$/i.test(value)) return value.toLowerCase();
      break;
    case 'fixed64':
      return readInteger(value, 0n, 2n ** 64n - 1n);
    case 'int64':
      return readInteger(value, -(2n ** 63n), 2n ** 63n - 1n);
    case 'double':
      return readDouble(value);
    case 'bool':
      if (typeof value === 'boolean') return value;
      break;
    case 'enum':
      return typeof value === 'string' && enumNames.includes(value)
        ? enumNames.indexOf(value)
        : Number(parseInt64(String(value)) ?? Number.NaN);
  }
  throw new Error('A value is of another kind');
}

function readInteger(value: unknown, least: bigint, greatest: bigint): bigint {
  const text = typeof value === 'string' || typeof value === 'bigint' || typeof value === 'number' ? String(value) : '';
  const read = /^-?\d{1,20}$/.test(text) ? BigInt(text) : undefined;
  if (read !== undefined && read >= least && read <= greatest) return read;
  throw new Error('A whole number of 64 bits is expected');
}

function readDouble(value: unknown): number {
  if (typeof value === 'number' || typeof value === 'bigint') return Number(value);
  if (value === 'NaN' || value === 'Infinity' || value === '-Infinity') return Number(value);
  if (typeof value === 'string' && /^-?\d+(\.\d+)?([eE][+-]?\d+)?$/.test(value)) return Number(value);
  throw new Error('A number is expected');
}
