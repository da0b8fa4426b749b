import type { DatabaseSync, StatementSync } from 'node:sqlite';

const MOST_STATEMENTS = 500;

export interface CachedStatement {
  readonly statement: StatementSync;
  /** Names of what it gives; none where it gives no rows. */
  readonly columns: readonly string[];
}

/** Statements of a connection by their text: to prepare one costs more than to run a small one. */
export class StatementCache {
  readonly #database: DatabaseSync;
  readonly #statements = new Map<string, CachedStatement>();

  constructor(database: DatabaseSync) {
    this.#database = database;
  }

  get(text: string): CachedStatement {
    let cached = this.#statements.get(text);
    if (!cached) {
      const statement = this.#database.prepare(text);
      cached = { statement, columns: statement.columns().map(({ name }) => name) };
      if (this.#statements.size >= MOST_STATEMENTS) this.#statements.clear();
      this.#statements.set(text, cached);
    }
    return cached;
  }
}
