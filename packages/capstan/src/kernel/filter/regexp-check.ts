const LONGEST = 200;
const MOST_REPEATS = 1_000;
const CLASS_LETTERS = 'dDwWsS';

/**
 * Why a regular expression is not taken, and where (offset and length in it); undefined when it is. Taken is what RE2 and
 * PostgreSQL read alike and match in linear time: signs, `.`, `^`, `$`, `|`, brackets, `[a-z]`, `\d \w \s`, `* + ? {n,m}`
 * and `(?i)` in front. Looks at each sign once.
 */
export function flawOfRegExp(pattern: string): { reason: string; at: number; length: number } | undefined {
  if (pattern.length > LONGEST)
    return { reason: `is longer than ${LONGEST} characters`, at: 0, length: pattern.length };
  const scan = new Scan(pattern);
  const reason = scan.flaw();
  return reason === undefined ? undefined : { reason, at: Math.min(scan.at, pattern.length), length: 1 };
}

class Scan {
  at: number;
  readonly #pattern: string;
  #depth = 0;
  #repeats = 1;
  /** The sign before may be repeated. */
  #isAtom = false;

  constructor(pattern: string) {
    this.#pattern = pattern;
    this.at = pattern.startsWith('(?i)') ? 4 : 0;
  }

  flaw(): string | undefined {
    while (this.at < this.#pattern.length) {
      const flaw = this.#sign(this.#pattern.charAt(this.at));
      if (flaw !== undefined) return flaw;
    }
    return this.#depth > 0 ? 'a bracket is not closed by )' : undefined;
  }

  #sign(sign: string): string | undefined {
    switch (sign) {
      case '\\':
        return this.#escape(true);
      case '[':
        return this.#set();
      case '(':
        return this.#open();
      case ')':
        this.#depth -= 1;
        if (this.#depth < 0) return 'this ) closes nothing';
        return this.#pass(1, true);
      case '|':
      case '^':
      case '$':
        return this.#pass(1, false);
      case '*':
      case '+':
      case '?':
        return this.#repeat(1);
      case '{':
        return this.#bounds();
      case '}':
      case ']':
        return `write \\${sign}`;
      default:
        return this.#pass(1, true);
    }
  }

  #pass(length: number, isAtom: boolean): undefined {
    this.at += length;
    this.#isAtom = isAtom;
  }

  #escape(isOutside: boolean): string | undefined {
    const escaped = this.#pattern.charAt(this.at + 1);
    const isClass = escaped !== '' && (isOutside ? CLASS_LETTERS : 'dws').includes(escaped);
    const isSign = escaped > ' ' && escaped <= '~' && !isLetterOrDigit(escaped);
    return isClass || isSign ? this.#pass(2, true) : 'after \\ comes one of d D w W s S or a sign';
  }

  #open(): string | undefined {
    const isSpecial = this.#pattern.charAt(this.at + 1) === '?';
    if (isSpecial && this.#pattern.charAt(this.at + 2) !== ':') return 'only (?: is taken, and (?i) in front';
    this.#depth += 1;
    return this.#pass(isSpecial ? 3 : 1, false);
  }

  #repeat(length: number): string | undefined {
    if (!this.#isAtom) return 'there is nothing to repeat';
    const isLazy = this.#pattern.charAt(this.at + length) === '?';
    return this.#pass(isLazy ? length + 1 : length, false);
  }

  #bounds(): string | undefined {
    const end = this.#pattern.indexOf('}', this.at);
    const [low = '', high = low, ...rest] = this.#pattern.slice(this.at + 1, Math.max(end, this.at + 1)).split(',');
    const most = high === '' ? Number(low) : Number(high);
    const isCount = isDigits(low) && (high === '' || isDigits(high)) && rest.length === 0 && Number(low) <= most;
    if (!isCount) return 'write {2}, {2,} or {2,5}';
    this.#repeats *= Math.max(most, 1);
    if (this.#repeats > MOST_REPEATS || most > 255) return 'this repeats too often';
    return this.#repeat(end + 1 - this.at);
  }

  #set(): string | undefined {
    const start = this.at;
    this.at += this.#pattern.charAt(this.at + 1) === '^' ? 2 : 1;
    const first = this.at;
    while (this.#pattern.charAt(this.at) !== ']') {
      const flaw = this.#member(first);
      if (flaw !== undefined) return flaw;
    }
    if (this.at > first) return this.#pass(1, true);
    this.at = start;
    return 'the set is empty';
  }

  /** A sign of a set, or a range such as `a-z`. */
  #member(first: number): string | undefined {
    const sign = this.#pattern.charAt(this.at);
    if (sign === '') return 'the set is not closed by ]';
    if (sign === '[') return 'write \\[';
    if (sign === '\\') return this.#escape(false);
    const isEdge = this.at === first || this.#pattern.charAt(this.at + 1) === ']';
    if (sign === '-' && !isEdge) return 'write \\-';
    const [dash, high] = [this.#pattern.charAt(this.at + 1), this.#pattern.charAt(this.at + 2)];
    if (dash !== '-' || high === ']' || high === '') return this.#pass(1, true);
    const isRange = isLetterOrDigit(sign) && isLetterOrDigit(high) && sign <= high;
    return isRange ? this.#pass(3, true) : 'this is no range of letters or digits';
  }
}

function isDigits(text: string): boolean {
  return text.length > 0 && text.length <= 3 && Array.from(text).every((sign) => sign >= '0' && sign <= '9');
}

function isLetterOrDigit(sign: string): boolean {
  return (sign >= '0' && sign <= '9') || (sign >= 'a' && sign <= 'z') || (sign >= 'A' && sign <= 'Z');
}
