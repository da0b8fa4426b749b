// The part of regular expressions that RLIKE takes: what both databases match in bounded time, and in the same way.

/** One place of a pattern: this text, any one character of a set, or any text. */
export type RegexPart =
  | { readonly kind: 'text'; readonly text: string }
  /** `ranges` are pairs of first and last character; null for any character at all. */
  | {
      readonly kind: 'one';
      readonly ranges: readonly (readonly [string, string])[] | null;
      readonly isNegated: boolean;
    }
  | { readonly kind: 'any' };

/** One of the ways to match: its places, and whether they begin at the start and go to the end of the text. */
export interface RegexWay {
  readonly parts: readonly RegexPart[];
  readonly isAtStart: boolean;
  readonly isAtEnd: boolean;
}

const shorthands: Readonly<Record<string, readonly (readonly [string, string])[]>> = {
  d: [['0', '9']],
  w: [
    ['0', '9'],
    ['A', 'Z'],
    ['a', 'z'],
    ['_', '_'],
  ],
  s: [
    [' ', ' '],
    ['\t', '\r'],
  ],
};
/** Signs that mean something elsewhere in regular expressions, and are taken here as themselves behind a backslash. */
const META = new Set('.^$*+?()[]{}|\\/-'.split(''));
const MOST_WILDCARDS = 16;

/**
 * Parses text, `.`, `.*`, `.+`, `[a-z]`, `[^a-z]`, `\d`, `\w`, `\s`, `^`, `$`, and `|` between whole patterns. Undefined
 * for anything else, such as groups and counts.
 */
export function parseSimpleRegex(pattern: string): RegexWay[] | undefined {
  const ways: RegexWay[] = [];
  let rest: string | undefined = pattern;
  while (rest !== undefined) {
    const way = readWay(rest);
    if (!way) return undefined;
    ways.push(way.way);
    rest = way.rest;
  }
  const wildcards = ways.flatMap((way) => way.parts).filter((part) => part.kind === 'any').length;
  return wildcards > MOST_WILDCARDS ? undefined : ways;
}

function readWay(source: string): { way: RegexWay; rest: string | undefined } | undefined {
  const isAtStart = source.startsWith('^');
  const parts: RegexPart[] = [];
  let at = isAtStart ? 1 : 0;
  while (at < source.length) {
    if (source[at] === '|') return { way: { parts, isAtStart, isAtEnd: false }, rest: source.slice(at + 1) };
    if (source[at] === '$') {
      if (at + 1 < source.length && source[at + 1] !== '|') return undefined;
      const rest = at + 1 < source.length ? source.slice(at + 2) : undefined;
      return { way: { parts, isAtStart, isAtEnd: true }, rest };
    }
    const read = readPart(source, at);
    if (!read) return undefined;
    parts.push(...read.parts);
    at = read.end;
  }
  return { way: { parts, isAtStart, isAtEnd: false }, rest: undefined };
}

function readPart(source: string, at: number): { parts: RegexPart[]; end: number } | undefined {
  const character = String.fromCodePoint(source.codePointAt(at) ?? 0);
  if (character === '.') return readDot(source, at);
  if (character === '[') return readSet(source, at);
  const isEscape = character === '\\';
  if (!isEscape && META.has(character) && character !== '/' && character !== '-') return undefined;
  const sign = isEscape ? (source[at + 1] ?? '') : character;
  const end = at + character.length + (isEscape ? sign.length : 0);
  if (isCounted(source, end)) return undefined;
  if (!isEscape || META.has(sign)) return { parts: [{ kind: 'text', text: sign }], end };
  const ranges = shorthands[sign];
  return ranges && { parts: [{ kind: 'one', ranges, isNegated: false }], end };
}

function readDot(source: string, at: number): { parts: RegexPart[]; end: number } | undefined {
  const one: RegexPart = { kind: 'one', ranges: null, isNegated: false };
  switch (source[at + 1]) {
    case '*':
      return isCounted(source, at + 2) ? undefined : { parts: [{ kind: 'any' }], end: at + 2 };
    case '+':
      return isCounted(source, at + 2) ? undefined : { parts: [one, { kind: 'any' }], end: at + 2 };
    default:
      return isCounted(source, at + 1) ? undefined : { parts: [one], end: at + 1 };
  }
}

/** `[a-z_]`: characters and ranges of letters, digits and signs without a meaning of their own. */
function readSet(source: string, at: number): { parts: RegexPart[]; end: number } | undefined {
  const [whole, negation = '', inside = ''] = /^\[(\^?)((?:[\p{L}\p{N} _.,:;@#%&=~<>"'!/](?:-[\p{L}\p{N}])?)+)\]/u.exec(
    source.slice(at),
  ) ?? [undefined];
  if (whole === undefined || isCounted(source, at + whole.length)) return undefined;
  const ranges = Array.from(
    inside.matchAll(/(.)(?:-(.))?/gu),
    ([, first = '', last = first]) => [first, last] as const,
  );
  if (ranges.some(([first, last]) => first > last)) return undefined;
  return { parts: [{ kind: 'one', ranges, isNegated: negation !== '' }], end: at + whole.length };
}

function isCounted(source: string, at: number): boolean {
  return ['*', '+', '?', '{'].includes(source[at] ?? '');
}
