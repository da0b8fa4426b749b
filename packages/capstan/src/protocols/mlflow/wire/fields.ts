// How MLflow's messages (proto2, in JSON) are described here: only what their readers need.
import type { Int64 } from '#kernel/int64';

interface Scalar<Kind extends string, Value> {
  readonly kind: Kind;
  /** For types only: never set. */
  readonly type?: Value;
}

interface Enum<Name extends string> {
  readonly kind: 'enum';
  /** In the order of their numbers, from 1. */
  readonly names: readonly Name[];
  /** The name of number 0, where clients send it: as good as not sent. */
  readonly unset?: string;
}

interface List<Item> {
  readonly kind: 'list';
  readonly item: Item;
}

export interface Message<Fields extends FieldsOf = FieldsOf> {
  readonly kind: 'message';
  /** By both spellings of each name, to the one in MLflow's definition. */
  readonly byName: ReadonlyMap<string, readonly [string, Field]>;
  /** Names of the fields that are lists: those are there even when they were not sent. */
  readonly lists: readonly string[];
  readonly fields?: Fields;
}

export type Field =
  | Scalar<'string', string>
  | Scalar<'int64', Int64>
  | Scalar<'int32', number>
  | Scalar<'double', number>
  | Scalar<'bool', boolean>
  | Scalar<'json', unknown>
  | Scalar<'map', Readonly<Record<string, string>>>
  | Enum<string>
  | { readonly kind: 'list'; readonly item: Field }
  | Message;

type FieldsOf = Readonly<Record<string, Field>>;

/** What reading a field gives. By kind: a scalar's own type would fit the others too, since its value is optional. */
export type ValueOf<F> = F extends { readonly kind: 'list'; readonly item: infer Item }
  ? ValueOf<Item>[]
  : F extends { readonly kind: 'enum'; readonly names: readonly (infer Name)[] }
    ? Name
    : F extends { readonly kind: 'message'; readonly fields?: infer Fields }
      ? MessageOf<NonNullable<Fields>>
      : F extends { readonly type?: infer Value }
        ? NonNullable<Value>
        : never;

/** Fields that were not sent are absent; lists are empty. */
export type MessageOf<Fields> = {
  [Name in keyof Fields as Fields[Name] extends List<unknown> ? Name : never]: ValueOf<Fields[Name]>;
} & {
  [Name in keyof Fields as Fields[Name] extends List<unknown> ? never : Name]?: ValueOf<Fields[Name]>;
};

export const string: Scalar<'string', string> = { kind: 'string' };
export const int64: Scalar<'int64', Int64> = { kind: 'int64' };
/** Within ±2^53: counts, times that people read. */
export const int32: Scalar<'int32', number> = { kind: 'int32' };
export const double: Scalar<'double', number> = { kind: 'double' };
export const bool: Scalar<'bool', boolean> = { kind: 'bool' };

/** Any JSON, `null` too, no deeper than can be written again. Long whole numbers are rounded, as protobuf's Value does. */
export const json: Scalar<'json', unknown> = { kind: 'json' };
/** Texts by name. */
export const map: Scalar<'map', Readonly<Record<string, string>>> = { kind: 'map' };

export function enumOf<Name extends string>(...names: readonly Name[]): Enum<Name> {
  return { kind: 'enum', names };
}

/** One whose number 0 has a name that clients send, which says no more than leaving it out. */
export function enumOrUnset<Name extends string>(unset: string, ...names: readonly Name[]): Enum<Name> {
  return { kind: 'enum', names, unset };
}

export function list<Item extends Field>(item: Item): List<Item> {
  return { kind: 'list', item };
}

export function message<const Fields extends FieldsOf>(fields: Fields): Message<Fields> {
  const byName = new Map<string, readonly [string, Field]>();
  for (const [name, field] of Object.entries(fields)) {
    byName.set(name, [name, field]);
    byName.set(
      name.replaceAll(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase()),
      [name, field],
    );
  }
  const lists = Object.entries(fields).flatMap(([name, { kind }]) => (kind === 'list' ? [name] : []));
  return { kind: 'message', byName, lists };
}
