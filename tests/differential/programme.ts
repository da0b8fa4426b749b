// A programme: calls of MLflow's REST API in which ids are references, so that it can be played on any server.

/** Things that servers give ids to. */
export type Kind = 'experiment' | 'run' | 'model';

/** A value as it is sent, with references to be filled in. A bigint is a JSON number of any length. */
export type Value =
  | string
  | number
  | bigint
  | boolean
  | null
  | Reference
  | Name
  | Text
  | readonly Value[]
  | { readonly [field: string]: Value };

/** The id of the n-th object of a kind that this programme made, counted round; an unknown one where there is none. */
export interface Reference {
  readonly $ref: Kind;
  readonly n: number;
}

/** An id as an operation gives it. */
export type Id = string | Reference;

/** A name that no other programme uses. */
export interface Name {
  readonly $name: string;
}

/** Parts put together to one string. */
export interface Text {
  readonly $text: readonly (string | Reference | Name)[];
}

export interface Operation {
  /** Method and path behind `/api/2.0/mlflow/`, by which differences name it: `POST runs/create`. */
  readonly call: string;
  /** The path where it holds references; that of the call when left out. */
  readonly path?: Text;
  readonly at?: '/ajax-api/2.0/mlflow/';
  readonly query?: readonly (readonly [string, Value])[];
  readonly body?: { readonly [field: string]: Value };
  /** The kind of object it makes; its id is in the reply. */
  readonly makes?: Kind;
  /** The field of the reply that holds pages; all of them are asked for, one by one. */
  readonly pages?: string;
  /** Points of several runs come by run id, which is another on each server. */
  readonly isByRunId?: true;
  /** What generators did to a good message to make it a bad or an odd one. */
  readonly twist?: string;
}

export const ref = (kind: Kind, n: number): Reference => ({ $ref: kind, n });
export const unknownIds: Readonly<Record<Kind, string>> = {
  experiment: '987654321',
  run: '0123456789abcdef0123456789abcdef',
  model: 'm-0123456789abcdef0123456789abcdef',
};

/** What a peer knows of a programme: ids by kind in the order they were made, and the words in front of its names. */
export interface Scope {
  readonly prefix: string;
  readonly ids: Readonly<Record<Kind, readonly string[]>>;
}

/** Fills in references and names. */
export function resolve(value: Value, scope: Scope): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map((item: Value) => resolve(item, scope));
  if ('$ref' in value) return idOf(value as Reference, scope);
  if ('$name' in value) return scope.prefix + (value as Name).$name;
  if ('$text' in value) return resolveText(value as Text, scope);
  return Object.fromEntries(Object.entries(value).map(([field, item]) => [field, resolve(item as Value, scope)]));
}

export function resolveText({ $text }: Text, scope: Scope): string {
  return $text.map((part) => (typeof part === 'string' ? part : String(resolve(part, scope)))).join('');
}

function idOf({ $ref, n }: Reference, { ids }: Scope): string {
  const known = ids[$ref];
  return known[n % known.length] ?? unknownIds[$ref];
}

const exactNumbers = JSON as unknown as { rawJSON(text: string): unknown };

/** A message as JSON text, with whole numbers of any length. */
export function toJson(value: unknown): string {
  return JSON.stringify(value, (_key, item: unknown) =>
    typeof item === 'bigint' ? exactNumbers.rawJSON(String(item)) : item,
  );
}

/** JSON with 64-bit integers beyond 2^53 as their digits. `value` is a metric's, which is a double however it is written. */
export function fromJson(text: string): unknown {
  const exactly = (key: string, value: unknown, context?: { readonly source?: string }): unknown => {
    if (typeof value !== 'number' || key === 'value' || Number.isSafeInteger(value)) return value;
    const source = context?.source ?? '';
    return /^-?\d+$/.test(source) ? `int64 ${source}` : value;
  };
  return JSON.parse(text, exactly) as unknown;
}
