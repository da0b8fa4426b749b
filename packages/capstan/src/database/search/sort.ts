import { sql, type RawBuilder } from 'kysely';
import { invalid } from '#kernel/errors';
import type { TokenValue } from '#kernel/filter/page-token';

/** One sort key; never null, so that pages can go on from it. */
export interface SortKey {
  readonly expression: RawBuilder<unknown>;
  readonly isAscending: boolean;
}

/** What an `order_by` term stands for: one name for all its spellings, and its keys. */
export interface Sorting {
  readonly name: string;
  readonly keys: readonly SortKey[];
}

/**
 * The keys of all terms, then the ties that no term names. A field named twice is refused, or its later terms, which
 * decide nothing, are left out.
 * @throws DomainError INVALID_ARGUMENT
 */
export function sortKeysOf(
  terms: readonly Sorting[],
  ties: readonly Sorting[],
  repeated: 'refuse' | 'leave out',
): SortKey[] {
  const named = new Map<string, readonly SortKey[]>();
  for (const { name, keys } of terms) {
    if (named.has(name) && repeated === 'refuse') {
      throw invalid(`\`order_by\` contains duplicate fields: '${name}'`, {
        field: 'order_by',
        hint: 'Name each field once.',
      });
    }
    if (!named.has(name)) named.set(name, keys);
  }
  for (const { name, keys } of ties) if (!named.has(name)) named.set(name, keys);
  return [...named.values()].flat();
}

/** Missing values last in both directions. `standIn` is of the type of the values. */
export function nullsLast(value: RawBuilder<unknown>, standIn: RawBuilder<unknown>, isAscending: boolean): SortKey[] {
  return [
    { expression: sql`case when ${value} is null then 1 else 0 end`, isAscending: true },
    { expression: sql`coalesce(${value}, ${standIn})`, isAscending },
  ];
}

/** A term of one column that is never null. */
export function sortedBy(name: string, expression: RawBuilder<unknown>, isAscending: boolean): Sorting {
  return { name, keys: [{ expression, isAscending }] };
}

/** `k0 … kn` of each row, to be selected: what the next page starts behind. */
export function sortColumns(keys: readonly SortKey[]): RawBuilder<unknown> {
  return sql.join(keys.map((key, index) => sql`${key.expression} as ${sql.ref(`k${index}`)}`));
}

export function orderBy(keys: readonly SortKey[]): RawBuilder<unknown> {
  return sql.join(keys.map((key) => (key.isAscending ? sql`${key.expression} asc` : sql`${key.expression} desc`)));
}

/** Rows behind the one with these sort keys. The first bound alone lets an index start there. */
export function behind(keys: readonly SortKey[], values: readonly TokenValue[]): RawBuilder<unknown> {
  const alternatives = keys.map((key, index) => {
    const equal = keys.slice(0, index).map((before, place) => sql`${before.expression} = ${values[place] ?? null}`);
    const beyond = key.isAscending
      ? sql`${key.expression} > ${values[index] ?? null}`
      : sql`${key.expression} < ${values[index] ?? null}`;
    return sql`(${sql.join([...equal, beyond], sql` and `)})`;
  });
  const [first] = keys;
  if (!first) return sql`1 = 1`;
  const bound = first.isAscending
    ? sql`${first.expression} >= ${values[0] ?? null}`
    : sql`${first.expression} <= ${values[0] ?? null}`;
  return sql`(${bound} and (${sql.join(alternatives, sql` or `)}))`;
}

/** The sort keys of a row selected with `sortColumns`. */
export function sortValues(row: object, count: number): TokenValue[] {
  const columns = row as Readonly<Record<string, TokenValue>>;
  return Array.from({ length: count }, (_, index) => columns[`k${index}`] ?? null);
}
