import type { RawReply } from '#http';

const exactNumbers = JSON as unknown as { rawJSON(text: string): unknown };

/** A message as MLflow's server writes it: NaN as text, 64-bit integers as numbers however great. */
export function jsonReply(message: object): RawReply {
  return { status: 200, headers: { 'content-type': 'application/json' }, body: textOf(message) };
}

/** Asking about each value takes several times as long as writing it, and hardly any message holds what needs it. */
function textOf(message: object): string {
  try {
    const text = JSON.stringify(message);
    // What has no number in JSON is written as null, which no message holds otherwise.
    if (!text.includes('null')) return text;
  } catch {
    // A bigint.
  }
  return JSON.stringify(message, writable);
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
