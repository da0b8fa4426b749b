import type { DatabaseSync, SQLInputValue } from 'node:sqlite';
import type { CompiledQuery, DatabaseConnection, QueryResult } from 'kysely';
import { translatedFailure } from '#ports/full-disk';
import type { HotQuery } from './hot-query.ts';
import { StatementCache } from './statement-cache.ts';

/** One statement to run once per row, all in the same call: what a query each would cost is paid once. */
export interface ManyRowsQuery extends CompiledQuery {
  readonly rows: readonly (readonly SQLInputValue[])[];
}

/** A Kysely connection over built-in SQLite that keeps its prepared statements. */
export class SqliteConnection implements DatabaseConnection {
  readonly #statements: StatementCache;

  constructor(database: DatabaseSync) {
    this.#statements = new StatementCache(database);
  }

  /** One statement that gives nothing back. */
  exec(text: string): void {
    try {
      this.#statements.get(text).statement.run();
    } catch (error) {
      throw translatedFailure(error);
    }
  }

  // Kysely's interface is asynchronous; SQLite's is not.
  async executeQuery<Row>(query: HotQuery): Promise<QueryResult<Row>> {
    const parameters = query.parameters as SQLInputValue[];
    try {
      if (isManyRows(query)) return { rows: [], numAffectedRows: BigInt(this.#runForEach(query)) };
      const { statement, columns } = this.#statements.get(query.sql);
      if (columns.length > 0) {
        statement.setReturnArrays(query.asLists === true);
        return { rows: statement.all(...parameters) as Row[] };
      }
      const { changes } = statement.run(...parameters);
      return { rows: [], numAffectedRows: BigInt(changes) };
    } catch (error) {
      throw translatedFailure(error);
    }
  }

  async *streamQuery<Row>(query: CompiledQuery): AsyncIterableIterator<QueryResult<Row>> {
    const { statement } = this.#statements.get(query.sql);
    statement.setReturnArrays(false);
    for (const row of statement.iterate(...(query.parameters as SQLInputValue[]))) {
      yield { rows: [row as Row] };
    }
  }

  #runForEach({ sql, rows }: ManyRowsQuery): number {
    const { statement } = this.#statements.get(sql);
    let changed = 0;
    for (const row of rows) changed += Number(statement.run(...row).changes);
    return changed;
  }
}

function isManyRows(query: CompiledQuery): query is ManyRowsQuery {
  return 'rows' in query;
}
