import type { DomainError } from '../errors.ts';
import { syntaxRefusal, type Place } from './place.ts';
import { tokenize, type Token } from './tokenize.ts';

/** Walks the tokens of one source, each once. */
export class Cursor {
  readonly #end: Place;
  readonly #tokens: readonly Token[];
  #next = 0;

  /** @throws DomainError INVALID_ARGUMENT for what is no token */
  constructor(source: string, field: Place['field']) {
    this.#end = { source, start: source.length, end: source.length, field };
    this.#tokens = tokenize(source, field);
  }

  isAtEnd(): boolean {
    return this.#next >= this.#tokens.length;
  }

  /** The next token, left where it is. */
  peek(): Token | undefined {
    return this.#tokens[this.#next];
  }

  take(...kinds: Token['kind'][]): Token | undefined {
    const token = this.#tokens[this.#next];
    if (!token || !kinds.includes(token.kind)) return undefined;
    this.#next += 1;
    return token;
  }

  /** Takes a bare word in any case. */
  takeWord(word: string): Token | undefined {
    const token = this.#tokens[this.#next];
    if (token?.kind !== 'word' || token.text.toLowerCase() !== word) return undefined;
    this.#next += 1;
    return token;
  }

  /** From the start of a token to the end of the last one taken. */
  since(first: Place): Place {
    const { source, start, field } = first;
    return { source, start, end: this.#tokens[this.#next - 1]?.end ?? first.end, field };
  }

  error(reason: string, suggestion?: string): DomainError {
    return syntaxRefusal(this.#tokens[this.#next] ?? this.#end, reason, suggestion);
  }
}
