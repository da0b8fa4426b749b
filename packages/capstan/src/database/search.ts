import { sql, type RawBuilder } from 'kysely';
import { invalid } from '#kernel/errors';
import type { Comparison, ComparisonOperator } from '#kernel/filter/parse-filter';
import type { TokenValue } from '#kernel/filter/page-token';
import type { Dialect } from './dialect/dialect.ts';

/** One thing a search may compare: a column, or rows of another table that belong to the searched one. */
export interface SearchField {
  /** How messages call it, e.g. `metric`. */
  readonly label: string;
  readonly type: 'text' | 'number';
  readonly operators: readonly ComparisonOperator[];
  readonly expression: RawBuilder<unknown>;
  /** Turns a condition on the expression into one on the searched row: `exists (select … where …)`. */
  readonly within?: (condition: RawBuilder<unknown>) => RawBuilder<unknown>;
  /** Stored numbers use -Infinity for NaN, which no comparison but != may meet. */
  readonly hasNaN?: boolean;
}

export const numberOperators = ['=', '!=', '>', '>=', '<', '<='] as const satisfies readonly ComparisonOperator[];
export const textOperators = ['=', '!=', 'LIKE', 'ILIKE'] as const satisfies readonly ComparisonOperator[];
export const listOperators = ['IN', 'NOT IN'] as const satisfies readonly ComparisonOperator[];
export const nullOperators = ['IS NULL', 'IS NOT NULL'] as const satisfies readonly ComparisonOperator[];

const LONGEST_PATTERN = 1_000;
const MOST_WILDCARDS = 16;
const symbols = { '=': sql`=`, '!=': sql`<>`, '>': sql`>`, '>=': sql`>=`, '<': sql`<`, '<=': sql`<=` } as const;

/**
 * A clause of a filter as a condition, its values bound as parameters.
 * @throws DomainError INVALID_ARGUMENT for an operator or kind of value that the field does not take
 */
export function conditionOf(dialect: Dialect, field: SearchField, comparison: Comparison): RawBuilder<unknown> {
  const { operator } = comparison;
  if (!field.operators.includes(operator)) {
    throw refusal(
      comparison,
      `Invalid comparator '${operator}' for ${field.label}: use one of ${field.operators.join(', ')}`,
    );
  }
  const within = field.within ?? ((condition) => condition);
  if (operator === 'IS NOT NULL') return within(sql`${field.expression} is not null`);
  if (operator === 'IS NULL') return sql`not (${within(sql`${field.expression} is not null`)})`;
  return within(
    field.type === 'number' ? numberCondition(field, comparison) : textCondition(dialect, field, comparison),
  );
}

function numberCondition(field: SearchField, comparison: Comparison): RawBuilder<unknown> {
  const { operator, value } = comparison;
  if (value.kind !== 'number') {
    throw refusal(comparison, `Expected numeric value type for ${field.label}. Found ${shown(comparison)}`);
  }
  const symbol = symbols[operator as keyof typeof symbols];
  const condition = sql`${field.expression} ${symbol} ${Number(value.text)}`;
  const meetsNaN = field.hasNaN === true && (operator === '<' || operator === '<=');
  return meetsNaN ? sql`(${condition} and ${field.expression} > ${-Infinity})` : condition;
}

function textCondition(dialect: Dialect, field: SearchField, comparison: Comparison): RawBuilder<unknown> {
  const { operator, value } = comparison;
  if (value.kind === 'list') {
    const list = sql`(${sql.join(value.items)})`;
    return operator === 'IN' ? sql`${field.expression} in ${list}` : sql`${field.expression} not in ${list}`;
  }
  if (value.kind !== 'string') {
    throw refusal(
      comparison,
      `Expected a quoted string value for ${field.label} (e.g. 'my-value'). Got value ${shown(comparison)}`,
    );
  }
  if (operator !== 'LIKE' && operator !== 'ILIKE') {
    return sql`${field.expression} ${symbols[operator as '=' | '!=']} ${value.text}`;
  }
  const wildcards = value.text.split('%').length - 1;
  if (value.text.length > LONGEST_PATTERN || wildcards > MOST_WILDCARDS) {
    throw refusal(comparison, `A pattern has at most ${LONGEST_PATTERN} characters and ${MOST_WILDCARDS} times %`);
  }
  return dialect.matches(field.expression, value.text, operator === 'LIKE');
}

function shown({ value }: Comparison): string {
  if (value.kind === 'list') return value.items.map((item) => `'${item}'`).join(', ');
  return value.kind === 'none' ? 'nothing' : value.kind === 'string' ? `'${value.text}'` : value.text;
}

/** A refusal of one clause that shows where it stands. */
export function refusal({ start, end }: { readonly start: number; readonly end: number }, reason: string) {
  return invalid(reason, { field: 'filter', details: { position: start, length: end - start } });
}

/** One sort key; never null, so that pages can go on from it. */
export interface SortKey {
  readonly expression: RawBuilder<unknown>;
  readonly isAscending: boolean;
}

/** `k0 … kn` of each row, to be selected: what the next page starts behind. */
export function sortColumns(keys: readonly SortKey[]): RawBuilder<unknown> {
  return sql.join(keys.map((key, index) => sql`${key.expression} as ${sql.ref(`k${index}`)}`));
}

export function orderBy(keys: readonly SortKey[]): RawBuilder<unknown> {
  return sql.join(keys.map((key) => (key.isAscending ? sql`${key.expression} asc` : sql`${key.expression} desc`)));
}

/** Rows behind the one with these sort keys. */
export function behind(keys: readonly SortKey[], values: readonly TokenValue[]): RawBuilder<unknown> {
  const alternatives = keys.map((key, index) => {
    const equal = keys.slice(0, index).map((before, place) => sql`${before.expression} = ${values[place] ?? null}`);
    const beyond = key.isAscending
      ? sql`${key.expression} > ${values[index] ?? null}`
      : sql`${key.expression} < ${values[index] ?? null}`;
    return sql`(${sql.join([...equal, beyond], sql` and `)})`;
  });
  return sql`(${sql.join(alternatives, sql` or `)})`;
}

/** The sort keys of a row selected with `sortColumns`. */
export function sortValues(row: object, count: number): TokenValue[] {
  const columns = row as Readonly<Record<string, TokenValue>>;
  return Array.from({ length: count }, (_, index) => columns[`k${index}`] ?? null);
}

/** All of them, or `true`. */
export function allOf(conditions: readonly RawBuilder<unknown>[]): RawBuilder<unknown> {
  return conditions.length === 0 ? sql`1 = 1` : sql.join(conditions, sql` and `);
}
