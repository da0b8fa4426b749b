import { invalid, type DomainError } from '#kernel/errors';
import { parseInt64 } from '#kernel/int64';
import type { Field, Message, MessageOf } from './fields.ts';

/** Where the values come from: a query has only text. */
type Origin = 'json' | 'query';

/**
 * Reads a message: both spellings of names, unknown ones ignored, `null` as absent, enums by name or number, 64-bit
 * integers as numbers or text. That is proto2's JSON as MLflow's own server takes it.
 * @throws DomainError INVALID_ARGUMENT for a value of another type, a name no enum has, or a field in both spellings
 */
export function decodeMessage<Fields extends Readonly<Record<string, Field>>>(
  spec: Message<Fields>,
  value: unknown,
  origin: Origin = 'json',
): MessageOf<Fields> {
  const source = typeof value === 'object' && value !== null && !Array.isArray(value) ? value : {};
  return readMessage(spec, source, undefined, origin) as MessageOf<Fields>;
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

/** Where a value stands, from the inside out: written only where something is wrong with it. */
interface Place {
  readonly part: string | number;
  readonly inside: Place | undefined;
}

function readMessage(spec: Message, source: object, place: Place | undefined, origin: Origin): Record<string, unknown> {
  const result: Record<string, unknown> = {};
  for (const name of Object.keys(source)) {
    const value: unknown = (source as Record<string, unknown>)[name];
    const known = spec.byName.get(name);
    if (!known) continue;
    const [field, type] = known;
    if (value === null && type.kind !== 'json') continue;
    if (field in result) {
      const twice = textOf({ part: field, inside: place });
      throw invalid(`Field '${twice}' is given twice, in two spellings`, { field: twice });
    }
    const read = readField(type, value, field, place, origin);
    if (read !== undefined) result[field] = read;
  }
  for (const field of spec.lists) result[field] ??= [];
  return result;
}

/** @param part of the message or list that `inside` is */
function readField(
  field: Field,
  value: unknown,
  part: string | number,
  inside: Place | undefined,
  origin: Origin,
): unknown {
  switch (field.kind) {
    case 'string':
      if (typeof value !== 'string') throw wrongType({ part, inside }, value);
      return value;
    case 'double':
      return typeof value === 'number' ? value : readDouble(value, { part, inside });
    case 'int64':
      return typeof value === 'number' && Number.isSafeInteger(value) ? value : readInteger(value, { part, inside });
    case 'int32': {
      const read = readInteger(value, { part, inside });
      if (typeof read === 'bigint') throw wrongType({ part, inside }, value);
      return read;
    }
    case 'bool':
      return readBoolean(value, { part, inside }, origin);
    case 'json':
      return readJson(value, { part, inside }, 0);
    case 'map':
      return readMap(value, { part, inside });
    case 'enum':
      if (field.unset !== undefined && (value === field.unset || value === 0)) return undefined;
      return readEnum(field.names, value, { part, inside });
    case 'list': {
      const place = { part, inside };
      if (!Array.isArray(value)) throw wrongType(place, value);
      return value.map((item, index) => readField(field.item, item, index, place, origin));
    }
    case 'message': {
      const place = { part, inside };
      if (typeof value !== 'object' || value === null || Array.isArray(value)) throw wrongType(place, value);
      return readMessage(field, value, place, origin);
    }
  }
}

/** `metrics[0].timestamp`. */
function textOf({ part, inside }: Place): string {
  const before = inside ? textOf(inside) : '';
  if (typeof part === 'number') return `${before}[${part}]`;
  return before === '' ? part : `${before}.${part}`;
}

function readDouble(value: unknown, place: Place): number {
  if (typeof value === 'number') return value;
  if (typeof value === 'bigint') return Number(value);
  if (value === 'NaN') return Number.NaN;
  if (value === 'Infinity') return Infinity;
  if (value === '-Infinity') return -Infinity;
  if (typeof value === 'string' && /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/.test(value) && value.length < 400)
    return Number(value);
  throw wrongType(place, value);
}

function readInteger(value: unknown, place: Place) {
  if (typeof value === 'number' && Number.isSafeInteger(value)) return value;
  const isText = typeof value === 'string' || typeof value === 'bigint';
  const read = isText ? parseInt64(String(value)) : undefined;
  if (read === undefined) throw wrongType(place, value);
  return read;
}

function readBoolean(value: unknown, place: Place, origin: Origin): boolean {
  if (typeof value === 'boolean') return value;
  const word = origin === 'query' && typeof value === 'string' ? value.toLowerCase() : '';
  if (word === 'true' || word === 'false') return word === 'true';
  throw wrongType(place, value);
}

/** Deeper than any value that people compare, and shallow enough to be written again. */
const DEEPEST_JSON = 100;

function readJson(value: unknown, place: Place, depth: number): unknown {
  if (typeof value === 'bigint') return Number(value);
  if (typeof value !== 'object' || value === null) return value;
  if (depth === DEEPEST_JSON) {
    throw invalid(`The value of '${textOf(place)}' is nested too deeply`, { field: textOf(place) });
  }
  if (Array.isArray(value)) return value.map((item) => readJson(item, place, depth + 1));
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, readJson(item, place, depth + 1)]));
}

function readMap(value: unknown, place: Place): Readonly<Record<string, string>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw wrongType(place, value);
  for (const [key, item] of Object.entries(value)) {
    if (typeof item !== 'string') throw wrongType({ part: key.slice(0, 100), inside: place }, item);
  }
  return value as Readonly<Record<string, string>>;
}

function readEnum(names: readonly string[], value: unknown, place: Place): string {
  if (typeof value !== 'number' && typeof value !== 'string') throw wrongType(place, value);
  const known = typeof value === 'number' ? names[value - 1] : names.find((name) => name === value);
  if (known !== undefined) return known;
  throw invalid(
    `Invalid value ${shown(value)} for parameter '${textOf(place)}' supplied: it must be one of ${names.join(', ')}.`,
    { field: textOf(place) },
  );
}

/** As Python names types, which is how MLflow says it. */
function wrongType(place: Place, value: unknown): DomainError {
  const path = textOf(place);
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
