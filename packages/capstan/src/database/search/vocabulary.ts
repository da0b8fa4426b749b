import type { KeyPath } from '#kernel/filter/ast';
import type { SortTerm } from '#kernel/filter/parse-order';
import { meantBy, refusal, shortened } from '#kernel/filter/place';
import { sql, type RawBuilder } from 'kysely';
import { entityOf, textOperators, type SearchEntity, type SearchField } from './field.ts';

/** Columns by the names that searches know them by. */
export type Columns = Readonly<Record<string, RawBuilder<unknown>>>;

/** What MLflow calls a key that nothing is ordered by; it depends on what is searched. */
type KeyName = 'order by' | 'attribute';

/** The column a term names. @throws DomainError INVALID_ARGUMENT for a key that is not among them, naming the nearest */
export function columnOf(columns: Columns, path: KeyPath, called: KeyName = 'order by'): RawBuilder<unknown> {
  const column = Object.hasOwn(columns, path.key) ? columns[path.key] : undefined;
  if (column) return column;
  const keys = Object.keys(columns);
  const reason = `Invalid ${called} key '${shortened(path.key)}' specified. Valid keys are '${keys.join("', '")}'`;
  throw refusal(path.place, reason, meantBy(path.key, keys));
}

/** The column a term names, where a search is ordered by attributes only. @throws DomainError INVALID_ARGUMENT */
export function attributeColumnOf(
  entities: readonly SearchEntity[],
  columns: Columns,
  { path }: SortTerm,
  called?: KeyName,
): RawBuilder<unknown> {
  const entity = entityOf(entities, path);
  if (entity.isDefault === true) return columnOf(columns, path, called);
  throw refusal(path.place, `Invalid order_by entity: ${entity.names[0] ?? ''}. Only attributes order this search`);
}

/** A column of text whose missing values count as empty text, as where MLflow stores them; equality may use its index. */
export function textOrEmpty(label: string, column: RawBuilder<unknown>): SearchField {
  return {
    label,
    type: 'text',
    operators: textOperators,
    expression: sql`coalesce(${column}, '')`,
    decide: ({ operator, value }) =>
      operator === '=' && value.kind === 'string' && value.text !== '' ? sql`${column} = ${value.text}` : undefined,
  };
}
