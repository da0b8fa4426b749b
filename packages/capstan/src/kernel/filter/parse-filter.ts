import type { DomainError } from '../errors.ts';
import { at, tokenize, type Token } from './tokenize.ts';

export type ComparisonOperator =
  | '='
  | '!='
  | '>'
  | '>='
  | '<'
  | '<='
  | 'LIKE'
  | 'ILIKE'
  | 'IN'
  | 'NOT IN'
  | 'IS NULL'
  | 'IS NOT NULL';

/** `entity` is lower case and absent where only a key was written. */
export interface KeyPath {
  readonly entity: string | undefined;
  readonly key: string;
}

export type FilterValue =
  | { readonly kind: 'string'; readonly text: string }
  | { readonly kind: 'number'; readonly text: string }
  | { readonly kind: 'list'; readonly items: readonly string[] }
  | { readonly kind: 'none' };

/** One clause, and where it stands in the source. */
export interface Comparison {
  readonly path: KeyPath;
  readonly operator: ComparisonOperator;
  readonly value: FilterValue;
  readonly start: number;
  readonly end: number;
}

const MAX_CLAUSES = 50;
const MAX_LIST_ITEMS = 1_000;

/**
 * Parses a filter of MLflow's search language: comparisons joined by AND. No OR, NOT or brackets around clauses, as
 * there. What a key means and which operators it allows is for the search that reads the result.
 * @throws DomainError INVALID_ARGUMENT with `details.position` and `details.length`
 */
export function parseFilter(source: string): Comparison[] {
  const cursor = new Cursor(source);
  const comparisons: Comparison[] = [];
  while (!cursor.isAtEnd()) {
    if (comparisons.length > 0) cursor.expectAnd();
    comparisons.push(readComparison(cursor));
    if (comparisons.length > MAX_CLAUSES) throw cursor.error(`more than ${MAX_CLAUSES} clauses`);
  }
  return comparisons;
}

function readComparison(cursor: Cursor): Comparison {
  const start = cursor.position();
  const path = readPath(cursor);
  const operator = readOperator(cursor);
  const value = readValue(cursor, operator);
  return { path, operator, value, start, end: cursor.lastEnd() };
}

/** `entity.key`, `key`, or either part in back-ticks or double quotes. */
export function readPath(cursor: Cursor): KeyPath {
  const first = cursor.take('word', 'quoted-name', 'string');
  if (!first) throw cursor.error('a key such as metrics.accuracy is expected here');
  if (cursor.take('dot')) {
    const second = cursor.take('word', 'quoted-name', 'string');
    if (!second) throw cursor.error('a key is expected behind the dot');
    return { entity: first.text.toLowerCase(), key: second.text };
  }
  const dot = first.kind === 'word' ? first.text.indexOf('.') : -1;
  if (dot < 0) return { entity: undefined, key: first.text };
  const key = first.text.slice(dot + 1);
  if (dot === 0 || key === '') throw cursor.errorAt(first, 'a key is written as entity.key');
  return { entity: first.text.slice(0, dot).toLowerCase(), key };
}

function readOperator(cursor: Cursor): ComparisonOperator {
  const symbol = cursor.take('operator');
  if (symbol) return symbol.text as ComparisonOperator;
  if (cursor.takeWord('like')) return 'LIKE';
  if (cursor.takeWord('ilike')) return 'ILIKE';
  if (cursor.takeWord('in')) return 'IN';
  if (cursor.takeWord('not')) {
    if (!cursor.takeWord('in')) throw cursor.error('IN is expected behind NOT');
    return 'NOT IN';
  }
  if (cursor.takeWord('is')) {
    const isNegated = cursor.takeWord('not');
    if (!cursor.takeWord('null')) throw cursor.error('NULL or NOT NULL is expected behind IS');
    return isNegated ? 'IS NOT NULL' : 'IS NULL';
  }
  throw cursor.error('an operator is expected here: = != > >= < <= LIKE ILIKE IN, NOT IN, IS NULL, IS NOT NULL');
}

function readValue(cursor: Cursor, operator: ComparisonOperator): FilterValue {
  if (operator === 'IS NULL' || operator === 'IS NOT NULL') return { kind: 'none' };
  if (operator === 'IN' || operator === 'NOT IN') return readList(cursor);
  const text = cursor.take('string');
  if (text) return { kind: 'string', text: text.text };
  const word = cursor.take('word');
  if (!word) throw cursor.error('a value is expected here: a number, or text in quotes');
  if (word.text.trim() !== word.text || !isNumber(word.text)) {
    throw cursor.errorAt(word, 'a value is a number, or text in quotes');
  }
  return { kind: 'number', text: word.text };
}

function readList(cursor: Cursor): FilterValue {
  if (!cursor.take('open')) throw cursor.error("a list such as ('a', 'b') is expected here");
  const items: string[] = [];
  do {
    const item = cursor.take('string');
    if (!item) throw cursor.error('a list holds text in quotes');
    items.push(item.text);
    if (items.length > MAX_LIST_ITEMS) throw cursor.error(`the list has more than ${MAX_LIST_ITEMS} entries`);
  } while (cursor.take('comma'));
  if (!cursor.take('close')) throw cursor.error('the list is not closed by )');
  return { kind: 'list', items };
}

/** What Number() takes for text of digits, point and exponent; never the empty text, hex or Infinity. */
function isNumber(text: string): boolean {
  const digits = text.startsWith('-') || text.startsWith('+') ? text.slice(1) : text;
  const first = digits.charAt(0);
  const isStart = (first >= '0' && first <= '9') || first === '.';
  return isStart && !/^0[xob]/i.test(digits.slice(0, 2)) && Number.isFinite(Number(text));
}

/** Walks the tokens of one source. */
export class Cursor {
  readonly #source: string;
  readonly #tokens: readonly Token[];
  #next = 0;

  constructor(source: string) {
    this.#source = source;
    this.#tokens = tokenize(source);
  }

  isAtEnd(): boolean {
    return this.#next >= this.#tokens.length;
  }

  position(): number {
    return this.#tokens[this.#next]?.start ?? this.#source.length;
  }

  lastEnd(): number {
    return this.#tokens[this.#next - 1]?.end ?? 0;
  }

  take(...kinds: Token['kind'][]): Token | undefined {
    const token = this.#tokens[this.#next];
    if (!token || !kinds.includes(token.kind)) return undefined;
    this.#next += 1;
    return token;
  }

  /** Takes a bare word in any case. */
  takeWord(word: string): boolean {
    const token = this.#tokens[this.#next];
    if (token?.kind !== 'word' || token.text.toLowerCase() !== word) return false;
    this.#next += 1;
    return true;
  }

  expectAnd(): void {
    if (!this.takeWord('and')) throw this.error('clauses are joined by AND only');
    if (this.isAtEnd()) throw this.error('a clause is expected behind AND');
  }

  error(reason: string): DomainError {
    const token = this.#tokens[this.#next];
    return token ? this.errorAt(token, reason) : at(this.#source, this.#source.length, this.#source.length, reason);
  }

  errorAt(place: { readonly start: number; readonly end: number }, reason: string): DomainError {
    return at(this.#source, place.start, place.end, reason);
  }
}
