import type { RawReply } from '#http';

const exactNumbers = JSON as unknown as { rawJSON(text: string): unknown };

/** A message as MLflow's server writes it: NaN as text, 64-bit integers as numbers however great. */
export function jsonReply(message: object): RawReply {
  return { status: 200, headers: { 'content-type': 'application/json' }, body: JSON.stringify(message, writable) };
}

function writable(_key: string, value: unknown): unknown {
  if (typeof value === 'bigint') return exactNumbers.rawJSON(String(value));
  return typeof value === 'number' && Number.isNaN(value) ? 'NaN' : value;
}

/** Empty lists are left out of messages. */
export function listed<Name extends string, Item>(
  name: Name,
  items: readonly Item[],
): Partial<Record<Name, readonly Item[]>> {
  return items.length === 0 ? {} : ({ [name]: items } as Record<Name, readonly Item[]>);
}

/** Absent values are left out of messages. */
export function optional<Name extends string, Value>(
  name: Name,
  value: Value | null | undefined,
): Partial<Record<Name, Value>> {
  return value === null || value === undefined ? {} : ({ [name]: value } as Record<Name, Value>);
}
