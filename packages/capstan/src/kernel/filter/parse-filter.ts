import type { Filter } from './ast.ts';
import { Cursor } from './cursor.ts';
import { readComparison } from './parse-comparison.ts';
import { meantBy } from './place.ts';

const MAX_CLAUSES = 50;
const MAX_DEPTH = 16;
/** What other languages write. */
const FOREIGN_JOINTS: Readonly<Record<string, string>> = { '&': 'AND', '&&': 'AND', '|': 'OR', '||': 'OR' };

/**
 * Parses a filter of MLflow's search language: comparisons joined by AND. Beyond MLflow: OR, NOT, and brackets around
 * clauses; NOT binds closest, then AND. What a key means and which operators it takes is for the search that reads the
 * result. Empty text is a filter that everything meets.
 * @throws DomainError INVALID_ARGUMENT with `details.position` and `details.length`
 */
export function parseFilter(source: string): Filter {
  const parser = new Parser(new Cursor(source, 'filter'));
  return parser.whole();
}

/** One function a level; recursion is as deep as brackets and NOTs are, which is bounded. */
class Parser {
  readonly #cursor: Cursor;
  #clauses = 0;

  constructor(cursor: Cursor) {
    this.#cursor = cursor;
  }

  whole(): Filter {
    if (this.#cursor.isAtEnd()) return { kind: 'and', parts: [] };
    const filter = this.#joined('or', 0);
    if (this.#cursor.isAtEnd()) return filter;
    const next = this.#cursor.peek();
    const word = next?.kind === 'word' ? next.text : '';
    throw this.#cursor.error('clauses are joined by AND or OR', FOREIGN_JOINTS[word] ?? meantBy(word, ['AND', 'OR']));
  }

  #joined(kind: 'and' | 'or', depth: number): Filter {
    const part = (): Filter => (kind === 'or' ? this.#joined('and', depth) : this.#unit(depth));
    const first = part();
    const parts = [first];
    while (this.#cursor.takeWord(kind)) {
      if (this.#cursor.isAtEnd()) throw this.#cursor.error(`a clause is expected behind ${kind.toUpperCase()}`);
      parts.push(part());
    }
    return parts.length === 1 ? first : { kind, parts };
  }

  #unit(depth: number): Filter {
    if (depth > MAX_DEPTH) throw this.#cursor.error(`brackets and NOTs are more than ${MAX_DEPTH} deep`);
    if (this.#cursor.takeWord('not')) return { kind: 'not', part: this.#unit(depth + 1) };
    if (this.#cursor.take('open')) {
      const inner = this.#joined('or', depth + 1);
      if (!this.#cursor.take('close')) throw this.#cursor.error('AND, OR or the closing ) is expected here');
      return inner;
    }
    this.#clauses += 1;
    if (this.#clauses > MAX_CLAUSES) throw this.#cursor.error(`more than ${MAX_CLAUSES} clauses`);
    return readComparison(this.#cursor);
  }
}
