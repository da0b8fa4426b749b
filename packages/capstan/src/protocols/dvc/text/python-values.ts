import { invalid } from '#kernel/errors';
import type { ParamKey, ParamValue } from '#kernel/pipeline-definition';
import { pythonLines, PythonSyntaxError, type PythonLine, type PythonToken } from './python-tokens.ts';

type MutableValues = Map<ParamKey, ParamValue>;

/**
 * The values that Python source sets, as DVC takes them for parameters: literals assigned in the module, in its classes,
 * and to `self` in `__init__`. Nothing is run; what is no literal is left out. Tuples become lists.
 * @throws DomainError INVALID_ARGUMENT naming `file:line` for strings and brackets that are not closed
 */
export function readPython(text: string, shownAs: string): ReadonlyMap<ParamKey, ParamValue> {
  try {
    return blockValues(pythonLines(text), 'module');
  } catch (cause) {
    if (!(cause instanceof PythonSyntaxError)) throw cause;
    const place = `${shownAs}:${cause.line}`;
    throw invalid(`${place}: ${cause.message}`, { field: place, cause });
  }
}

/** Only statements of the block itself count, not those of an `if` or a loop in it. */
function blockValues(lines: readonly PythonLine[], block: 'module' | 'class' | '__init__'): MutableValues {
  const values: MutableValues = new Map();
  const indent = lines[0]?.indent ?? 0;
  for (const [index, line] of lines.entries()) {
    if (line.indent !== indent) continue;
    const [first, second] = line.tokens;
    const isClass = first?.text === 'class' && second?.kind === 'name';
    const isInit = first?.text === 'def' && second?.text === '__init__';
    if (isClass && block !== '__init__') values.set(second.text, blockValues(bodyOf(lines, index), 'class'));
    else if (isInit) for (const [name, value] of blockValues(bodyOf(lines, index), '__init__')) values.set(name, value);
    else for (const statement of statementsOf(line.tokens)) assign(statement, values, block === '__init__');
  }
  return values;
}

/** The lines below with more white space, or what stands behind the colon. */
function bodyOf(lines: readonly PythonLine[], index: number): PythonLine[] {
  const head = lines[index];
  if (!head) return [];
  const colon = outsideBrackets(head.tokens, ':');
  const behind = colon < 0 ? [] : head.tokens.slice(colon + 1);
  if (behind.length > 0) return [{ ...head, tokens: behind }];
  const rest = lines.slice(index + 1);
  const end = rest.findIndex((line) => line.indent <= head.indent);
  return end < 0 ? rest : rest.slice(0, end);
}

function statementsOf(tokens: readonly PythonToken[]): PythonToken[][] {
  const statements: PythonToken[][] = [[]];
  for (const token of tokens) {
    if (isSign(token, ';')) statements.push([]);
    else statements.at(-1)?.push(token);
  }
  return statements;
}

/** `name = literal`, `name: type = literal`, `self.name = literal`. */
function assign(tokens: readonly PythonToken[], values: MutableValues, isOnlySelf: boolean): void {
  const equals = outsideBrackets(tokens, '=');
  const value = equals < 0 ? undefined : literalOf(tokens.slice(equals + 1));
  if (value === undefined) return;
  const target = tokens.slice(0, equals);
  const colon = outsideBrackets(target, ':');
  const name = nameOf(colon < 0 ? target : target.slice(0, colon), isOnlySelf);
  if (name !== undefined) values.set(name, value.value);
}

function nameOf(target: readonly PythonToken[], isOnlySelf: boolean): string | undefined {
  if (isSign(target[0], '(') && isSign(target.at(-1), ')')) return nameOf(target.slice(1, -1), isOnlySelf);
  const [first, second, third, ...more] = target;
  if (first?.kind !== 'name' || more.length > 0) return undefined;
  if (second === undefined) return isOnlySelf ? undefined : first.text;
  return first.text === 'self' && isSign(second, '.') && third?.kind === 'name' ? third.text : undefined;
}

function outsideBrackets(tokens: readonly PythonToken[], sign: string): number {
  let depth = 0;
  return tokens.findIndex((token) => {
    if (token.kind !== 'sign') return false;
    if ('([{'.includes(token.text)) depth++;
    else if (')]}'.includes(token.text)) depth--;
    return depth === 0 && token.text === sign;
  });
}

/** Undefined for what is no literal. */
function literalOf(tokens: readonly PythonToken[]): { value: ParamValue } | undefined {
  try {
    const reader = new LiteralReader(tokens);
    return { value: reader.whole() };
  } catch (error) {
    if (error instanceof NoLiteral) return undefined;
    throw error;
  }
}

class NoLiteral extends Error {}

const CONSTANTS = new Map<string, ParamValue>([
  ['True', true],
  ['False', false],
  ['None', null],
]);
const MAX_DEPTH = 64;

class LiteralReader {
  readonly #tokens: readonly PythonToken[];
  #at = 0;
  #depth = 0;

  constructor(tokens: readonly PythonToken[]) {
    this.#tokens = tokens;
  }

  /** A tuple needs no brackets. */
  whole(): ParamValue {
    const value = this.#items(undefined);
    if (this.#at < this.#tokens.length) throw new NoLiteral();
    return value;
  }

  /** Items up to the closing bracket; one without a comma is the item itself. */
  #items(closing: string | undefined): ParamValue {
    const items: ParamValue[] = [];
    let hasComma = false;
    while (!this.#isEnd(closing)) {
      items.push(this.#value());
      if (!this.#takes(',')) break;
      hasComma = true;
    }
    if (!this.#isEnd(closing)) throw new NoLiteral();
    this.#at++;
    const [only] = items;
    if (closing !== ']' && !hasComma && only !== undefined) return only;
    if (closing === undefined && items.length === 0) throw new NoLiteral();
    return items;
  }

  #value(): ParamValue {
    if (++this.#depth > MAX_DEPTH) throw new NoLiteral();
    const value = this.#one();
    this.#depth--;
    return value;
  }

  #one(): ParamValue {
    const token = this.#tokens[this.#at++];
    if (token?.kind === 'string') return this.#strings(token);
    if (token?.kind === 'number') return numberOf(token.text);
    const constant = token?.kind === 'name' ? CONSTANTS.get(token.text) : undefined;
    if (constant !== undefined) return constant;
    if (token?.kind !== 'sign') throw new NoLiteral();
    if (token.text === '[') return this.#items(']');
    if (token.text === '(') return this.#items(')');
    if (token.text === '{') return this.#map();
    if (token.text !== '-' && token.text !== '+') throw new NoLiteral();
    const number = this.#value();
    if (typeof number !== 'bigint' && typeof number !== 'number') throw new NoLiteral();
    return token.text === '-' ? -number : number;
  }

  /** Strings side by side are one. */
  #strings(first: PythonToken): string {
    let text = '';
    for (let token: PythonToken | undefined = first; token?.kind === 'string'; token = this.#tokens[this.#at++]) {
      if (!token.isPlain) throw new NoLiteral();
      text += token.text;
    }
    this.#at--;
    return text;
  }

  #map(): ParamValue {
    const map: MutableValues = new Map();
    while (!this.#isEnd('}')) {
      const key = this.#value();
      if ((typeof key === 'object' && key !== null) || !this.#takes(':')) throw new NoLiteral();
      map.set(key, this.#value());
      if (!this.#takes(',')) break;
    }
    if (!this.#takes('}')) throw new NoLiteral();
    return map;
  }

  #isEnd(closing: string | undefined): boolean {
    const token = this.#tokens[this.#at];
    return closing === undefined ? token === undefined : isSign(token, closing);
  }

  #takes(sign: string): boolean {
    if (!isSign(this.#tokens[this.#at], sign)) return false;
    this.#at++;
    return true;
  }
}

function isSign(token: PythonToken | undefined, text: string): boolean {
  return token?.kind === 'sign' && token.text === text;
}

function numberOf(text: string): bigint | number {
  const plain = text.replaceAll('_', '').toLowerCase();
  if (plain.endsWith('j')) throw new NoLiteral();
  const isWhole = /^(?:0[xob][\da-f]+|\d+)$/.test(plain);
  return isWhole ? BigInt(plain) : Number(plain);
}
