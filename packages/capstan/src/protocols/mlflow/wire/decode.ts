import { invalid, type DomainError } from '#kernel/errors';
import { parseInt64 } from '#kernel/int64';
import type { Field, Message, MessageOf } from './fields.ts';

/** Where the values come from: a query has only text. */
type Origin = 'json' | 'query';

/**
 * Reads a message: both spellings of names, unknown ones ignored, `null` as absent, enums by name or number (unknown
 * ones ignored), 64-bit integers as numbers or text. That is proto2's JSON as MLflow's own server takes it.
 * @throws DomainError INVALID_ARGUMENT for a value of another type, or a field in both spellings
 */
export function decodeMessage<Fields extends Readonly<Record<string, Field>>>(
  spec: Message<Fields>,
  value: unknown,
  origin: Origin = 'json',
): MessageOf<Fields> {
  const source = typeof value === 'object' && value !== null && !Array.isArray(value) ? value : {};
  return readMessage(spec, source, '', origin) as MessageOf<Fields>;
}

/** A query as a message: repeated keys are lists. */
export function decodeQuery<Fields extends Readonly<Record<string, Field>>>(
  spec: Message<Fields>,
  query: URLSearchParams,
): MessageOf<Fields> {
  const source: Record<string, unknown> = Object.create(null) as Record<string, unknown>;
  for (const key of new Set(query.keys())) {
    const isList = spec.byName.get(key)?.[1].kind === 'list';
    source[key] = isList ? query.getAll(key) : query.get(key);
  }
  return decodeMessage(spec, source, 'query');
}

function readMessage(spec: Message, source: object, path: string, origin: Origin): Record<string, unknown> {
  const result: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(source)) {
    const known = spec.byName.get(name);
    if (!known) continue;
    const [field, type] = known;
    if (value === null && type.kind !== 'json') continue;
    const place = path === '' ? field : `${path}.${field}`;
    if (field in result) throw invalid(`Field '${place}' is given twice, in two spellings`, { field: place });
    const read = readField(type, value, place, origin);
    if (read !== undefined) result[field] = read;
  }
  for (const [field, type] of spec.byName.values()) {
    if (type.kind === 'list') result[field] ??= [];
  }
  return result;
}

function readField(field: Field, value: unknown, path: string, origin: Origin): unknown {
  switch (field.kind) {
    case 'string':
      if (typeof value !== 'string') throw wrongType(path, value);
      return value;
    case 'double':
      return readDouble(value, path);
    case 'int64':
      return readInteger(value, path);
    case 'int32': {
      const read = readInteger(value, path);
      if (typeof read === 'bigint') throw wrongType(path, value);
      return read;
    }
    case 'bool':
      return readBoolean(value, path, origin);
    case 'json':
      return readJson(value, path, 0);
    case 'map':
      return readMap(value, path);
    case 'enum':
      return readEnum(field.names, value, path);
    case 'list':
      if (!Array.isArray(value)) throw wrongType(path, value);
      return value.map((item, index) => readField(field.item, item, `${path}[${index}]`, origin));
    case 'message':
      if (typeof value !== 'object' || value === null || Array.isArray(value)) throw wrongType(path, value);
      return readMessage(field, value, path, origin);
  }
}

function readDouble(value: unknown, path: string): number {
  if (typeof value === 'number') return value;
  if (typeof value === 'bigint') return Number(value);
  if (value === 'NaN') return Number.NaN;
  if (value === 'Infinity') return Infinity;
  if (value === '-Infinity') return -Infinity;
  if (typeof value === 'string' && /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/.test(value) && value.length < 400)
    return Number(value);
  throw wrongType(path, value);
}

function readInteger(value: unknown, path: string) {
  if (typeof value === 'number' && Number.isSafeInteger(value)) return value;
  const isText = typeof value === 'string' || typeof value === 'bigint';
  const read = isText ? parseInt64(String(value)) : undefined;
  if (read === undefined) throw wrongType(path, value);
  return read;
}

function readBoolean(value: unknown, path: string, origin: Origin): boolean {
  if (typeof value === 'boolean') return value;
  const word = origin === 'query' && typeof value === 'string' ? value.toLowerCase() : '';
  if (word === 'true' || word === 'false') return word === 'true';
  throw wrongType(path, value);
}

/** Deeper than any value that people compare, and shallow enough to be written again. */
const DEEPEST_JSON = 100;

function readJson(value: unknown, path: string, depth: number): unknown {
  if (typeof value === 'bigint') return Number(value);
  if (typeof value !== 'object' || value === null) return value;
  if (depth === DEEPEST_JSON) throw invalid(`The value of '${path}' is nested too deeply`, { field: path });
  if (Array.isArray(value)) return value.map((item) => readJson(item, path, depth + 1));
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, readJson(item, path, depth + 1)]));
}

function readMap(value: unknown, path: string): Readonly<Record<string, string>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw wrongType(path, value);
  for (const [key, item] of Object.entries(value)) {
    if (typeof item !== 'string') throw wrongType(`${path}.${key.slice(0, 100)}`, item);
  }
  return value as Readonly<Record<string, string>>;
}

function readEnum(names: readonly string[], value: unknown, path: string): string | undefined {
  if (typeof value === 'number') return names[value - 1];
  if (typeof value === 'string') return names.find((name) => name === value);
  throw wrongType(path, value);
}

/** As Python names types, which is how MLflow says it. */
function wrongType(path: string, value: unknown): DomainError {
  const isWhole = typeof value === 'bigint' || (typeof value === 'number' && Number.isInteger(value));
  const type = Array.isArray(value)
    ? 'list'
    : isWhole
      ? 'int'
      : ({ string: 'str', boolean: 'bool', number: 'float', object: 'dict' } as Readonly<Record<string, string>>)[
          typeof value
        ];
  return invalid(
    `Invalid value ${shown(value)} for parameter '${path}' supplied: Hint: Value was of type '${type}'. ` +
      'See the API docs for more information about request parameters.',
    { field: path },
  );
}

/** Lists and objects only by their brackets: they may be deeper than can be written, and hold what JSON has no word for. */
function shown(value: unknown): string {
  switch (typeof value) {
    case 'string':
      return JSON.stringify(value.slice(0, 200));
    case 'number':
    case 'bigint':
    case 'boolean':
      return String(value);
    default:
      return Array.isArray(value) ? '[…]' : '{…}';
  }
}
