import type { RawBuilder } from 'kysely';
import type { Comparison, ComparisonOperator, KeyPath } from '#kernel/filter/ast';
import { meantBy, refusal, shortened } from '#kernel/filter/place';

/** Turns conditions on one row of another table into one on the searched row. Fields of that row have the same function. */
export type SharedRow = (condition: RawBuilder<unknown>) => RawBuilder<unknown>;

/** One thing a search may compare: a column, or rows of another table that belong to the searched one. */
export interface SearchField {
  /** How messages call it, e.g. `metric`. */
  readonly label: string;
  /** An `integer` takes no fraction. */
  readonly type: 'text' | 'number' | 'integer';
  readonly operators: readonly ComparisonOperator[];
  readonly expression: RawBuilder<unknown>;
  /** Turns a condition on the expression into one on the searched row: `exists (select … where …)`. */
  readonly within?: (condition: RawBuilder<unknown>) => RawBuilder<unknown>;
  /** In place of `within` where comparisons that AND joins are to be met by one row: neither `decide` nor null operators. */
  readonly sharedRow?: SharedRow;
  /** Stored numbers use -Infinity for NaN, which no comparison but != may meet. */
  readonly hasNaN?: boolean;
  /** Takes values of the other kind too: a number in quotes for an integer, a bare number for text. */
  readonly isLenient?: boolean;
  /** Decides some comparisons itself, those for which it gives a condition; their operator is among `operators`. */
  readonly decide?: (comparison: Comparison) => RawBuilder<unknown> | undefined;
}

/** What stands before the dot of a key, and the keys behind it. */
export interface SearchEntity {
  /** Its spellings, lower case; messages show the first. */
  readonly names: readonly string[];
  /** Meant where only a key is written. */
  readonly isDefault?: boolean;
  /** All keys there are; left out where anything that was logged is a key. */
  readonly keys?: readonly string[];
  /** How a key that is not among them is refused, where MLflow has words of its own. */
  readonly refusal?: (key: string) => string;
  /** The field of a key; of one that is among `keys`, where there are any. */
  field(key: string): SearchField | undefined;
}

export const numberOperators = [
  '=',
  '!=',
  '>',
  '>=',
  '<',
  '<=',
  'BETWEEN',
] as const satisfies readonly ComparisonOperator[];
export const textOperators = [
  '=',
  '!=',
  'LIKE',
  'ILIKE',
  'IN',
  'NOT IN',
] as const satisfies readonly ComparisonOperator[];
export const nullOperators = ['IS NULL', 'IS NOT NULL'] as const satisfies readonly ComparisonOperator[];

/** @throws DomainError INVALID_ARGUMENT for an entity or key that the search does not have, naming the nearest */
export function fieldOf(entities: readonly SearchEntity[], path: KeyPath): SearchField {
  const entity = entityOf(entities, path);
  const field = isKeyOf(entity, path.key) ? entity.field(path.key) : undefined;
  if (field) return field;
  const keys = entity.keys ?? [];
  const name = entity.names[0] ?? '';
  const key = shortened(path.key);
  const reason =
    entity.refusal?.(key) ?? `Invalid ${name} key '${key}' specified. Valid keys are '${keys.join("', '")}'`;
  const logged = path.entity === undefined ? loggedEntities(entities) : [];
  const meant = meantBy(path.key, keys);
  if (meant !== undefined || logged.length === 0) throw refusal(path.place, reason, meant);
  const ways = logged.map((one) => `${one}.${key}`).join(', ');
  throw refusal(path.place, `${reason}; what was logged is written ${ways}`);
}

/** @throws DomainError INVALID_ARGUMENT */
export function entityOf(entities: readonly SearchEntity[], path: KeyPath): SearchEntity {
  const found = entities.find((entity) =>
    path.entity === undefined ? entity.isDefault === true : entity.names.includes(path.entity),
  );
  if (found) return found;
  const valid = entities.map((entity) => entity.names[0]).join(', ');
  const meant = meantBy(
    path.entity ?? '',
    entities.flatMap((entity) => entity.names),
  );
  throw refusal(
    path.place,
    `Invalid entity type '${shortened(path.entity ?? '')}'. Valid values are ${valid}`,
    meant === undefined ? undefined : `${meant}.${shortened(path.key)}`,
  );
}

function isKeyOf(entity: SearchEntity, key: string): boolean {
  return entity.keys === undefined || entity.keys.includes(key);
}

/** As they are usually written: those whose keys are what was logged. */
function loggedEntities(entities: readonly SearchEntity[]): string[] {
  return entities.flatMap(({ keys, names }) => {
    const plural = names.find((name) => name.endsWith('s')) ?? names[0];
    return keys === undefined && plural !== undefined ? [plural] : [];
  });
}
