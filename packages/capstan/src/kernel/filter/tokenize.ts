import { invalid, type DomainError } from '../errors.ts';

export type TokenKind = 'word' | 'quoted-name' | 'string' | 'operator' | 'open' | 'close' | 'comma' | 'dot';

/** One piece of a filter. `text` is unquoted; `start` and `end` are offsets in UTF-16 units of the source. */
export interface Token {
  readonly kind: TokenKind;
  readonly text: string;
  readonly start: number;
  readonly end: number;
}

/** Longest filter read; a page of text is no question. */
const MAX_LENGTH = 8_192;

const SPACES = new Set([' ', '\t', '\n', '\r', '\f', '\v']);
const SINGLE: Readonly<Record<string, TokenKind>> = { '(': 'open', ')': 'close', ',': 'comma' };
const WORD_ENDS = new Set([...SPACES, '(', ')', ',', '=', '<', '>', '!', "'", '"', '`']);

/**
 * Cuts a filter or sort order of MLflow's search language into tokens, in one pass and without regular expressions.
 * Names in back-ticks are always names; text in double quotes is a name before an operator and a string after it, which
 * the parser decides. A quote inside quotes is doubled.
 * @throws DomainError INVALID_ARGUMENT with `details.position`
 */
export function tokenize(source: string): Token[] {
  if (source.length > MAX_LENGTH)
    throw invalid(`The filter is longer than ${MAX_LENGTH} characters`, { field: 'filter' });
  const tokens: Token[] = [];
  let at = 0;
  while (at < source.length) {
    const character = source.charAt(at);
    if (SPACES.has(character)) at += 1;
    else {
      const token = readToken(source, at, character);
      tokens.push(token);
      at = token.end;
    }
  }
  return tokens;
}

function readToken(source: string, start: number, first: string): Token {
  if (first === "'" || first === '"') return readQuoted(source, start, 'string');
  if (first === '`') return readQuoted(source, start, 'quoted-name');
  const single = SINGLE[first];
  if (single) return { kind: single, text: first, start, end: start + 1 };
  if (first === '=' || first === '<' || first === '>' || first === '!') return readOperator(source, start, first);
  return readWord(source, start);
}

function readOperator(source: string, start: number, first: string): Token {
  const isDouble = source.charAt(start + 1) === '=' && first !== '=';
  if (first === '!' && !isDouble) throw at(source, start, start + 1, "'!' is no operator");
  const end = start + (isDouble ? 2 : 1);
  return { kind: 'operator', text: source.slice(start, end), start, end };
}

function readQuoted(source: string, start: number, kind: 'string' | 'quoted-name'): Token {
  const quote = source.charAt(start);
  let text = '';
  for (let index = start + 1; index < source.length; index++) {
    const character = source.charAt(index);
    if (character !== quote) text += character;
    else if (source.charAt(index + 1) === quote) {
      text += quote;
      index += 1;
    } else return { kind, text, start, end: index + 1 };
  }
  throw at(source, start, source.length, `the quote ${quote} is not closed`);
}

/** A bare name or number. A dot ends it where a quoted part follows (`tags."a b"`), and one before a name is skipped. */
function readWord(source: string, start: number): Token {
  if (source.charAt(start) === '.' && !isDigit(source.charAt(start + 1))) {
    return { kind: 'dot', text: '.', start, end: start + 1 };
  }
  let end = start;
  while (end < source.length && !WORD_ENDS.has(source.charAt(end))) end += 1;
  const next = source.charAt(end);
  if (source.charAt(end - 1) === '.' && (next === '"' || next === '`')) end -= 1;
  return { kind: 'word', text: source.slice(start, end), start, end };
}

function isDigit(character: string): boolean {
  return character >= '0' && character <= '9';
}

/** A refusal that shows where. The first words are MLflow's, which its clients look for. */
export function at(source: string, start: number, end: number, reason: string): DomainError {
  const clause = source.slice(start, Math.max(end, start + 1)) || 'the end';
  return invalid(`Invalid clause(s) in filter string: '${clause}' at position ${start}: ${reason}`, {
    field: 'filter',
    details: { position: start, length: Math.max(end - start, 1) },
  });
}
