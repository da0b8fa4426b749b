// JSON that clients send as text inside their messages. Pure.
import { invalid } from '#kernel/errors';
import { readValue, type AttributeValue } from '#model/traces';

export type JsonObject = ReadonlyMap<string, AttributeValue>;

/** Deeper than any value that people compare, and shallow enough to be written again. */
const DEEPEST = 100;

/** @throws DomainError INVALID_ARGUMENT for what is no JSON, or is nested too deeply */
export function parseJsonText(field: string, text: string): AttributeValue {
  const value = readValue(text);
  if (value === undefined) throw invalid(`'${field}' must be valid JSON`, { field });
  refuseDeep(field, value, 0);
  return value;
}

export function isObject(value: AttributeValue | undefined): value is JsonObject {
  return value instanceof Map;
}

/** @throws DomainError INVALID_ARGUMENT */
export function objectIn(field: string, value: AttributeValue): JsonObject {
  if (isObject(value)) return value;
  throw invalid(`'${field}' must be a JSON object`, { field });
}

function refuseDeep(field: string, value: AttributeValue, depth: number): void {
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return;
  if (depth === DEEPEST) throw invalid(`'${field}' is nested too deeply`, { field });
  const items = value instanceof Map ? value.values() : (value as readonly AttributeValue[]);
  for (const item of items) refuseDeep(field, item, depth + 1);
}
