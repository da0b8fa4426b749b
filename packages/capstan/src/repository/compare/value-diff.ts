// Values of files in two states, flattened and compared as DVC does it. Pure.
import { pythonRepr, type Values } from '#protocols/dvc';
import type { ParamKey, ParamValue } from '#kernel/pipeline-definition';

/** A value that a flattened file holds; lists are text. */
export type FlatValue = Exclude<ParamValue, object> | null;

export interface ValueChange {
  /** Null where there is none. */
  readonly old: FlatValue;
  readonly new: FlatValue;
  /** Of numbers: how much more the new one is. */
  readonly diff?: bigint | number;
}

/** What a file holds, by dotted names; a lone value has the empty name. */
export function flattenValues(value: ParamValue): Map<string, FlatValue> {
  const flat = new Map<string, FlatValue>();
  collect(value, undefined, flat);
  return flat;
}

function collect(value: ParamValue, name: string | undefined, flat: Map<string, FlatValue>): void {
  if (value instanceof Map) {
    for (const [key, member] of value as Values) {
      const step = keyText(key);
      collect(member, name === undefined ? step : `${name}.${step}`, flat);
    }
  } else flat.set(name ?? '', Array.isArray(value) ? pythonRepr(value) : (value as FlatValue));
}

/** As JSON names it. */
function keyText(key: ParamKey): string {
  return typeof key === 'string' ? key : String(key);
}

/**
 * By dotted name, sorted by code point: what differs, or all.
 * @param before undefined where there is no file
 */
export function diffValues(
  before: ParamValue | undefined,
  after: ParamValue | undefined,
  isAll: boolean,
): Map<string, ValueChange> {
  const [old, now] = [before, after].map((value) =>
    value === undefined ? new Map<string, FlatValue>() : flattenValues(value),
  ) as [Map<string, FlatValue>, Map<string, FlatValue>];
  const names = [...new Set([...old.keys(), ...now.keys()])].toSorted((a, b) =>
    Buffer.compare(Buffer.from(a), Buffer.from(b)),
  );
  const changes = new Map<string, ValueChange>();
  for (const name of names) {
    const change = changeOf(old.get(name) ?? null, now.get(name) ?? null);
    if (isAll || !isEqual(change.old, change.new)) changes.set(name, change);
  }
  return changes;
}

function changeOf(old: FlatValue, now: FlatValue): ValueChange {
  return isNumber(old) && isNumber(now) ? { old, new: now, diff: minus(now, old) } : { old, new: now };
}

type NumberLike = bigint | number | boolean;

/** Python counts truth as 1. */
function isNumber(value: FlatValue): value is NumberLike {
  return typeof value === 'bigint' || typeof value === 'number' || typeof value === 'boolean';
}

function minus(a: NumberLike, b: NumberLike): bigint | number {
  return typeof a === 'number' || typeof b === 'number' ? Number(a) - Number(b) : BigInt(a) - BigInt(b);
}

/** `1`, `1.0` and true are equal; so is a value that is no number to itself, which for Python it is not. */
function isEqual(a: FlatValue, b: FlatValue): boolean {
  if (!isNumber(a) || !isNumber(b)) return a === b;
  const [x, y] = [wholeOf(a), wholeOf(b)];
  return x === y || Object.is(x, y);
}

/** Floats of whole value as the whole numbers they are, so that no digit of a large one is rounded. */
function wholeOf(value: NumberLike): bigint | number {
  if (typeof value !== 'number') return BigInt(value);
  return Number.isInteger(value) ? BigInt(value) : value;
}
