/** A piece of Python source. Names include keywords; a string has its text, or none when it is not plain text. */
export interface PythonToken {
  readonly kind: 'name' | 'number' | 'string' | 'sign';
  /** As written; the text itself for a string. */
  readonly text: string;
  /** False for bytes and for strings with expressions in them. */
  readonly isPlain: boolean;
}

/** A logical line: brackets and backslashes join lines of the file. */
export interface PythonLine {
  /** Columns of white space before it, tabs to the next multiple of 8. */
  readonly indent: number;
  /** In the file, from 1. */
  readonly line: number;
  readonly tokens: readonly PythonToken[];
}

export class PythonSyntaxError extends Error {
  readonly line: number;
  constructor(message: string, line: number) {
    super(message);
    this.line = line;
  }
}

const NAME = /[\p{L}\p{Nl}_][\p{L}\p{Nl}\p{Mn}\p{Mc}\p{Nd}\p{Pc}]*/uy;
const NUMBER =
  /(?:0[xX][\da-fA-F_]+|0[oO][0-7_]+|0[bB][01_]+|(?:\d[\d_]*\.?[\d_]*|\.\d[\d_]*)(?:[eE][-+]?\d[\d_]*)?)[jJ]?/y;
const STRING = /([a-zA-Z]{0,2})("""|'''|"|')/y;
const OPENING = new Map([
  ['(', ')'],
  ['[', ']'],
  ['{', '}'],
]);

/**
 * Splits Python source into logical lines of tokens, without comments. It checks no more than that strings and brackets
 * are closed.
 * @throws PythonSyntaxError
 */
export function pythonLines(source: string): PythonLine[] {
  return new Scanner(source).lines();
}

class Scanner {
  readonly #source: string;
  #at = 0;
  #line = 1;

  constructor(source: string) {
    this.#source = source.replace(/^\ufeff/, '').replaceAll(/\r\n?/g, '\n');
  }

  lines(): PythonLine[] {
    const lines: PythonLine[] = [];
    while (this.#at < this.#source.length) {
      const indent = this.#indent();
      const line = this.#line;
      const tokens = this.#logicalLine();
      if (tokens.length > 0) lines.push({ indent, line, tokens });
    }
    return lines;
  }

  #indent(): number {
    let column = 0;
    for (; ; this.#at++) {
      const letter = this.#source[this.#at];
      if (letter === ' ') column++;
      else if (letter === '\t') column += 8 - (column % 8);
      else if (letter === '\f') column = 0;
      else return column;
    }
  }

  #logicalLine(): PythonToken[] {
    const tokens: PythonToken[] = [];
    const closing: string[] = [];
    for (;;) {
      const letter = this.#source[this.#at];
      if (letter === undefined || (letter === '\n' && closing.length === 0)) {
        if (closing.length > 0) throw new PythonSyntaxError('a bracket is not closed', this.#line);
        this.#step();
        return tokens;
      }
      if (letter === '#') this.#skipComment();
      else if (/\s/.test(letter)) this.#step();
      else if (letter === '\\' && this.#source[this.#at + 1] === '\n') {
        this.#step();
        this.#step();
      } else tokens.push(this.#token(closing));
    }
  }

  #step(): void {
    if (this.#source[this.#at++] === '\n') this.#line++;
  }

  #skipComment(): void {
    const end = this.#source.indexOf('\n', this.#at);
    this.#at = end < 0 ? this.#source.length : end;
  }

  #token(closing: string[]): PythonToken {
    const string = this.#match(STRING);
    if (string) return this.#string(string[1] ?? '', string[2] ?? '');
    const name = this.#match(NAME)?.[0];
    if (name !== undefined) return { kind: 'name', text: name, isPlain: true };
    const number = this.#match(NUMBER)?.[0];
    if (number !== undefined) return { kind: 'number', text: number, isPlain: true };
    const sign = this.#source[this.#at++] ?? '';
    const closes = OPENING.get(sign);
    if (closes !== undefined) closing.push(closes);
    else if (sign === ')' || sign === ']' || sign === '}') {
      if (closing.pop() !== sign) throw new PythonSyntaxError(`there is no bracket for '${sign}'`, this.#line);
    }
    return { kind: 'sign', text: sign, isPlain: true };
  }

  #match(pattern: RegExp): RegExpExecArray | undefined {
    pattern.lastIndex = this.#at;
    const match = pattern.exec(this.#source);
    if (!match) return undefined;
    this.#at = pattern.lastIndex;
    return match;
  }

  #string(prefix: string, quote: string): PythonToken {
    const start = this.#line;
    const from = this.#at;
    while (!this.#source.startsWith(quote, this.#at)) {
      const letter = this.#source[this.#at];
      if (letter === undefined || (letter === '\n' && quote.length === 1)) {
        throw new PythonSyntaxError('a string is not closed', start);
      }
      if (letter === '\\') this.#step();
      this.#step();
    }
    const written = this.#source.slice(from, this.#at);
    this.#at += quote.length;
    const isRaw = /r/i.test(prefix);
    return { kind: 'string', text: isRaw ? written : unescaped(written), isPlain: !/[bft]/i.test(prefix) };
  }
}

const SHORT: Readonly<Record<string, string>> = {
  '\n': '',
  a: '\u0007',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
  '\\': '\\',
  "'": "'",
  '"': '"',
};

/** What Python does not know stays as it is, backslash included. */
function unescaped(text: string): string {
  return text.replaceAll(
    /\\(?:x([\da-fA-F]{2})|u([\da-fA-F]{4})|U([\da-fA-F]{8})|([0-7]{1,3})|([^]))/g,
    (all: string, byte?: string, unit?: string, point?: string, octal?: string, letter?: string) => {
      const hex = byte ?? unit ?? point;
      if (hex !== undefined) return codePoint(Number.parseInt(hex, 16), all);
      if (octal !== undefined) return codePoint(Number.parseInt(octal, 8), all);
      return SHORT[letter ?? ''] ?? all;
    },
  );
}

function codePoint(code: number, otherwise: string): string {
  return code <= 0x10ffff ? String.fromCodePoint(code) : otherwise;
}
