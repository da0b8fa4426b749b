import { setImmediate as nextTurn } from 'node:timers/promises';
import type { RawReply } from '#http';

const exactNumbers = JSON as unknown as { rawJSON(text: string): unknown };

/** A message as MLflow's server writes it: NaN as text, 64-bit integers as numbers however great. */
export function jsonReply(message: object): RawReply {
  return ok(textOf(message));
}

/** Items that are written at once. */
const FEW_ITEMS = 100;
const MOST_MS_OF_A_TURN = 4;

/** Whether a list of the message, not one inside another, is so long that others should not wait until all is written. */
export function hasLongList(message: object): boolean {
  return Object.values(message).some((value) => Array.isArray(value) && value.length > FEW_ITEMS);
}

/** As `jsonReply`; between the items of a long list others have their turn. */
export async function jsonReplyInTurns(message: object): Promise<RawReply> {
  const fields: string[] = [];
  for (const [name, value] of Object.entries(message) as [string, unknown][]) {
    if (value === undefined) continue;
    const text = Array.isArray(value) ? await listInTurns(value) : textOf(value);
    fields.push(`${JSON.stringify(name)}:${text}`);
  }
  return ok(`{${fields.join(',')}}`);
}

async function listInTurns(list: readonly unknown[]): Promise<string> {
  const parts: string[] = [];
  let begin = performance.now();
  for (let from = 0; from < list.length; from += FEW_ITEMS) {
    parts.push(textOf(list.slice(from, from + FEW_ITEMS)).slice(1, -1));
    if (performance.now() - begin < MOST_MS_OF_A_TURN) continue;
    await nextTurn();
    begin = performance.now();
  }
  return `[${parts.join(',')}]`;
}

function ok(body: string): RawReply {
  return { status: 200, headers: { 'content-type': 'application/json' }, body };
}

/** Asking about each value takes several times as long as writing it, and hardly any message holds what needs it. */
function textOf(message: unknown): string {
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
