import { sql, type RawBuilder } from 'kysely';
import type { Comparison, Filter } from '#kernel/filter/ast';
import { flawOfRegExp } from '#kernel/filter/regexp-check';
import { isNumberText } from '#kernel/filter/number-text';
import { meantBy, refusal, shortened } from '#kernel/filter/place';
import type { Dialect } from '../dialect/dialect.ts';
import { fieldOf, type SearchEntity, type SearchField, type SharedRow } from './field.ts';

const LONGEST_PATTERN = 1_000;
const MOST_WILDCARDS = 16;
const symbols = { '=': sql`=`, '!=': sql`<>`, '>': sql`>`, '>=': sql`>=`, '<': sql`<`, '<=': sql`<=` } as const;

/**
 * A filter as a condition on the searched row, its values bound as parameters.
 * @throws DomainError INVALID_ARGUMENT for a key, operator or kind of value that the search does not take, saying where
 */
export function conditionOf(dialect: Dialect, entities: readonly SearchEntity[], filter: Filter): RawBuilder<unknown> {
  switch (filter.kind) {
    case 'comparison':
      return comparisonCondition(dialect, fieldOf(entities, filter.path), filter);
    case 'not':
      // What is unknown is not met, so its opposite is.
      return sql`(${conditionOf(dialect, entities, filter.part)}) is not true`;
    case 'and':
      return conjunction(dialect, entities, filter.parts);
    case 'or':
      return sql`(${sql.join(
        filter.parts.map((part) => sql`(${conditionOf(dialect, entities, part)})`),
        sql` or `,
      )})`;
  }
}

/** All of them, or `true`. */
export function allOf(conditions: readonly RawBuilder<unknown>[]): RawBuilder<unknown> {
  return conditions.length === 0 ? sql`1 = 1` : sql.join(conditions, sql` and `);
}

/** All parts; those about the same kind of shared row are met by one row together. */
function conjunction(
  dialect: Dialect,
  entities: readonly SearchEntity[],
  parts: readonly Filter[],
): RawBuilder<unknown> {
  const conditions: RawBuilder<unknown>[] = [];
  const shared = new Map<SharedRow, RawBuilder<unknown>[]>();
  for (const part of parts) {
    const field = part.kind === 'comparison' ? fieldOf(entities, part.path) : undefined;
    if (part.kind !== 'comparison' || field?.sharedRow === undefined) {
      conditions.push(conditionOf(dialect, entities, part));
      continue;
    }
    refuseOperator(field, part);
    const ofRow = shared.get(field.sharedRow) ?? [];
    shared.set(field.sharedRow, [...ofRow, valueCondition(dialect, field, part)]);
  }
  return allOf([...conditions, ...Array.from(shared, ([within, ofRow]) => within(allOf(ofRow)))]);
}

function comparisonCondition(dialect: Dialect, field: SearchField, comparison: Comparison): RawBuilder<unknown> {
  refuseOperator(field, comparison);
  const { operator } = comparison;
  const decided = field.decide?.(comparison);
  if (decided) return decided;
  const within = field.sharedRow ?? field.within ?? ((condition) => condition);
  if (operator === 'IS NOT NULL') return within(sql`${field.expression} is not null`);
  if (operator === 'IS NULL') return sql`not (${within(sql`${field.expression} is not null`)})`;
  return within(valueCondition(dialect, field, comparison));
}

function refuseOperator(field: SearchField, { operator, place }: Comparison): void {
  if (field.operators.includes(operator)) return;
  const reason = `Invalid comparator '${operator}' for ${field.label}: use one of ${field.operators.join(', ')}`;
  throw refusal(place, reason, meantBy(operator, field.operators));
}

/** On the field's own expression, wherever its row is. */
function valueCondition(dialect: Dialect, field: SearchField, comparison: Comparison): RawBuilder<unknown> {
  return field.type === 'text'
    ? textCondition(dialect, field, comparison)
    : numberCondition(dialect, field, comparison);
}

function numberCondition(dialect: Dialect, field: SearchField, comparison: Comparison): RawBuilder<unknown> {
  const { operator, value } = comparison;
  const number = (text: string) => numberOf(dialect, field, comparison, text);
  if (value.kind === 'range') return sql`${field.expression} between ${number(value.low)} and ${number(value.high)}`;
  if (value.kind === 'list') {
    const list = sql`(${sql.join(value.items.map(number))})`;
    return operator === 'IN' ? sql`${field.expression} in ${list}` : sql`${field.expression} not in ${list}`;
  }
  const isTaken = value.kind === 'number' || (value.kind === 'string' && field.isLenient === true);
  if (!isTaken) {
    const bare = value.kind === 'string' && isNumberText(value.text) ? value.text : undefined;
    throw refusal(
      value.place,
      `Expected numeric value type for ${field.label}. Found ${shortened(written(comparison))}`,
      bare,
    );
  }
  const condition = sql`${field.expression} ${symbols[operator as keyof typeof symbols]} ${number(value.text)}`;
  const meetsNaN = field.hasNaN === true && (operator === '<' || operator === '<=');
  return meetsNaN ? sql`(${condition} and ${field.expression} > ${-Infinity})` : condition;
}

/** A parameter that both databases compare as a number, however great, fractional or quoted it is. */
function numberOf(dialect: Dialect, field: SearchField, { value }: Comparison, text: string): RawBuilder<unknown> {
  const number = isNumberText(text) ? Number(text) : Number.NaN;
  const isWhole = Number.isSafeInteger(number);
  if (Number.isNaN(number) || (field.type === 'integer' && !isWhole)) {
    throw refusal(value.place, `Invalid value for numeric ${field.label}: '${shortened(text)}': use a whole number`);
  }
  return isWhole && field.hasNaN !== true
    ? sql`cast(${number} as ${sql.raw(dialect.integer)})`
    : sql`cast(${number} as ${sql.raw(dialect.double)})`;
}

function textCondition(dialect: Dialect, field: SearchField, comparison: Comparison): RawBuilder<unknown> {
  const { operator, value } = comparison;
  if (value.kind === 'list') {
    const list = sql`(${sql.join(value.items)})`;
    return operator === 'IN' ? sql`${field.expression} in ${list}` : sql`${field.expression} not in ${list}`;
  }
  const text = textOf(field, comparison);
  if (operator === 'RLIKE') return regExpCondition(dialect, field, comparison, text);
  if (operator !== 'LIKE' && operator !== 'ILIKE') {
    return sql`${field.expression} ${symbols[operator as '=' | '!=']} ${text}`;
  }
  const wildcards = text.split('%').length - 1;
  if (text.length > LONGEST_PATTERN || wildcards > MOST_WILDCARDS) {
    const limit = `${LONGEST_PATTERN} characters and ${MOST_WILDCARDS} times %`;
    throw refusal(value.place, `A pattern has at most ${limit}`);
  }
  return dialect.matches(field.expression, text, operator === 'LIKE');
}

function regExpCondition(
  dialect: Dialect,
  field: SearchField,
  { value: { place } }: Comparison,
  pattern: string,
): RawBuilder<unknown> {
  const flaw = flawOfRegExp(pattern);
  if (!flaw) return dialect.matchesRegExp(field.expression, pattern);
  // One quote before it; quotes inside it would move the place, so then it is shown whole.
  const isShifted = place.end - place.start !== pattern.length + 2;
  const start = place.start + 1 + flaw.at;
  const at = isShifted ? place : { ...place, start, end: Math.min(start + flaw.length, place.end) };
  throw refusal(at, `Invalid regular expression: ${flaw.reason}`);
}

function textOf(field: SearchField, { value }: Comparison): string {
  if (value.kind === 'string' || (value.kind === 'number' && field.isLenient === true)) return value.text;
  const found = value.kind === 'number' || value.kind === 'word' ? value.text : '';
  const meant = `'${shortened(found)}'`;
  if (value.kind === 'word') {
    const reason = `value is either not quoted or unidentified quote types used for string value ${shortened(found)}`;
    throw refusal(value.place, `Parameter ${reason}. Use either single or double quotes`, meant);
  }
  throw refusal(
    value.place,
    `Expected a quoted string value for ${field.label} (e.g. 'my-value'). Got value ${shortened(found)}`,
    meant,
  );
}

/** A value as it stands in the source. */
function written({ value: { place } }: Comparison): string {
  return place.source.slice(place.start, place.end);
}
