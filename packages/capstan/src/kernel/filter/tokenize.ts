import { syntaxRefusal, type Place } from './place.ts';

export type TokenKind = 'word' | 'quoted-name' | 'string' | 'operator' | 'open' | 'close' | 'comma' | 'dot';

/** One piece of a filter. `text` is unquoted. */
export interface Token extends Place {
  readonly kind: TokenKind;
  readonly text: string;
}

/** Longest filter read, in UTF-16 units; a page of text is no question. */
const MAX_LENGTH = 8_192;

const SPACES = new Set([' ', '\t', '\n', '\r', '\f', '\v']);
const SINGLE: Readonly<Record<string, TokenKind>> = { '(': 'open', ')': 'close', ',': 'comma' };
const OPERATOR_SIGNS = new Set(['=', '<', '>', '!']);
const OPERATORS = new Set(['=', '!=', '>', '>=', '<', '<=']);
/** What other languages write. */
const FOREIGN_OPERATORS: Readonly<Record<string, string>> = { '==': '=', '===': '=', '<>': '!=', '!': '!=' };
const REVERSED_OPERATORS: Readonly<Record<string, string>> = { '=>': '>=', '=<': '<=', '=!': '!=' };
const WORD_ENDS = new Set([...SPACES, ...OPERATOR_SIGNS, '(', ')', ',', "'", '"', '`']);

/**
 * Cuts a filter or sort order of MLflow's search language into tokens, in one pass and without regular expressions.
 * Names in back-ticks are always names; text in double quotes is a name before an operator and a string after it, which
 * the parser decides. A quote inside quotes is doubled.
 * @throws DomainError INVALID_ARGUMENT with `details.position`
 */
export function tokenize(source: string, field: Place['field']): Token[] {
  const tokens: Token[] = [];
  if (source.length > MAX_LENGTH) {
    const place = { source, start: MAX_LENGTH, end: source.length, field };
    throw syntaxRefusal(place, `the filter is longer than ${MAX_LENGTH} characters`);
  }
  let at = 0;
  while (at < source.length) {
    const character = source.charAt(at);
    if (SPACES.has(character)) at += 1;
    else {
      const token = readToken({ source, start: at, end: at + 1, field }, character);
      tokens.push(token);
      at = token.end;
    }
  }
  return tokens;
}

function readToken(at: Place, first: string): Token {
  if (first === "'" || first === '"') return readQuoted(at, 'string');
  if (first === '`') return readQuoted(at, 'quoted-name');
  const single = SINGLE[first];
  if (single) return { ...at, kind: single, text: first };
  return OPERATOR_SIGNS.has(first) ? readOperator(at) : readWord(at);
}

function readOperator(at: Place): Token {
  let end = at.start + 1;
  while (OPERATOR_SIGNS.has(at.source.charAt(end))) end += 1;
  const place = { ...at, end };
  const text = at.source.slice(at.start, end);
  if (OPERATORS.has(text)) return { ...place, kind: 'operator', text };
  throw syntaxRefusal(place, 'this is no operator', FOREIGN_OPERATORS[text] ?? REVERSED_OPERATORS[text]);
}

function readQuoted(at: Place, kind: 'string' | 'quoted-name'): Token {
  const { source, start } = at;
  const quote = source.charAt(start);
  let text = '';
  for (let index = start + 1; index < source.length; index++) {
    const character = source.charAt(index);
    if (character !== quote) text += character;
    else if (source.charAt(index + 1) === quote) {
      text += quote;
      index += 1;
    } else return { ...at, kind, text, end: index + 1 };
  }
  throw syntaxRefusal({ ...at, end: source.length }, `the quote ${quote} is not closed`);
}

/** A bare name or number. A dot ends it where a quoted part follows (`tags."a b"`), and one before a name is skipped. */
function readWord(at: Place): Token {
  const { source, start } = at;
  if (source.charAt(start) === '.' && !isDigit(source.charAt(start + 1))) return { ...at, kind: 'dot', text: '.' };
  let end = start;
  while (end < source.length && !WORD_ENDS.has(source.charAt(end))) end += 1;
  const next = source.charAt(end);
  if (source.charAt(end - 1) === '.' && (next === '"' || next === '`')) end -= 1;
  return { ...at, kind: 'word', text: source.slice(start, end), end };
}

function isDigit(character: string): boolean {
  return character >= '0' && character <= '9';
}
