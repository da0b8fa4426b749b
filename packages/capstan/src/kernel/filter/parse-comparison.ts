import type { Comparison, ComparisonOperator, FilterValue } from './ast.ts';
import type { Cursor } from './cursor.ts';
import { isNumberText } from './number-text.ts';
import { readPath } from './parse-path.ts';
import { meantBy, syntaxRefusal, type Place } from './place.ts';
import type { Token } from './tokenize.ts';

const MAX_LIST_ITEMS = 1_000;
/** Words that are never a value without quotes: something is missing before them. */
const RESERVED = new Set(['and', 'or', 'not', 'in', 'is', 'like', 'ilike', 'rlike', 'between', 'null']);
const OPERATOR_WORDS = ['LIKE', 'ILIKE', 'RLIKE', 'IN', 'NOT IN', 'BETWEEN', 'IS NULL', 'IS NOT NULL'];

/** `key operator value`. @throws DomainError INVALID_ARGUMENT with `details.position` and `details.length` */
export function readComparison(cursor: Cursor): Comparison {
  const path = readPath(cursor);
  const { operator, place } = readOperator(cursor);
  return { kind: 'comparison', path, operator, value: readValue(cursor, operator, place), place };
}

function readOperator(cursor: Cursor): { operator: ComparisonOperator; place: Place } {
  const first = cursor.peek();
  const operator = operatorAt(cursor);
  if (operator && first) return { operator, place: cursor.since(first) };
  const meant = first?.kind === 'word' ? meantBy(first.text, OPERATOR_WORDS) : undefined;
  throw cursor.error(`an operator is expected here: = != > >= < <= ${OPERATOR_WORDS.join(', ')}`, meant);
}

function operatorAt(cursor: Cursor): ComparisonOperator | undefined {
  const symbol = cursor.take('operator');
  if (symbol) return symbol.text as ComparisonOperator;
  if (cursor.takeWord('like')) return 'LIKE';
  if (cursor.takeWord('ilike')) return 'ILIKE';
  if (cursor.takeWord('rlike')) return 'RLIKE';
  if (cursor.takeWord('between')) return 'BETWEEN';
  if (cursor.takeWord('in')) return 'IN';
  if (cursor.takeWord('not')) {
    if (!cursor.takeWord('in')) throw cursor.error('IN is expected behind NOT');
    return 'NOT IN';
  }
  if (!cursor.takeWord('is')) return undefined;
  const isNegated = cursor.takeWord('not') !== undefined;
  if (!cursor.takeWord('null')) throw cursor.error('NULL or NOT NULL is expected behind IS');
  return isNegated ? 'IS NOT NULL' : 'IS NULL';
}

function readValue(cursor: Cursor, operator: ComparisonOperator, behind: Place): FilterValue {
  if (operator === 'IS NULL' || operator === 'IS NOT NULL') return { kind: 'none', place: behind };
  if (operator === 'IN' || operator === 'NOT IN') return readList(cursor);
  if (operator === 'BETWEEN') return readRange(cursor);
  const text = cursor.take('string');
  if (text) return { kind: 'string', text: text.text, place: text };
  const word = cursor.peek();
  if (word?.kind !== 'word' || RESERVED.has(word.text.toLowerCase())) {
    throw cursor.error('a value is expected here: a number, or text in quotes');
  }
  cursor.take('word');
  return { kind: isNumberText(word.text) ? 'number' : 'word', text: word.text, place: word };
}

function readList(cursor: Cursor): FilterValue {
  const open = cursor.take('open');
  if (!open) throw cursor.error("a list such as ('a', 'b') is expected here");
  const items: string[] = [];
  do {
    if (items.length > 0 && cursor.peek()?.kind === 'close') break;
    const item = cursor.take('string');
    if (!item) throw cursor.error('a list holds text in quotes', quotedWord(cursor.peek()));
    items.push(item.text);
    if (items.length > MAX_LIST_ITEMS) throw cursor.error(`the list has more than ${MAX_LIST_ITEMS} entries`);
  } while (cursor.take('comma'));
  if (!cursor.take('close')) throw cursor.error('the list is not closed by )');
  return { kind: 'list', items, place: cursor.since(open) };
}

/** `a AND b`, both numbers. */
function readRange(cursor: Cursor): FilterValue {
  const low = readNumber(cursor);
  if (!cursor.takeWord('and')) throw cursor.error('AND is expected here: BETWEEN 0.1 AND 0.9');
  const high = readNumber(cursor);
  return { kind: 'range', low: low.text, high: high.text, place: cursor.since(low) };
}

function readNumber(cursor: Cursor): Token {
  const token = cursor.take('word', 'string');
  if (token?.kind === 'word' && isNumberText(token.text)) return token;
  const meant = token?.kind === 'string' && isNumberText(token.text) ? token.text : undefined;
  if (token) throw syntaxRefusal(token, 'BETWEEN takes two numbers', meant);
  throw cursor.error('a number is expected here: BETWEEN 0.1 AND 0.9');
}

function quotedWord(token: Token | undefined): string | undefined {
  return token?.kind === 'word' && token.text.length <= 80 ? `'${token.text}'` : undefined;
}
