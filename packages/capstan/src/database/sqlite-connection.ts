import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite';
import type { CompiledQuery, DatabaseConnection, Driver, QueryResult } from 'kysely';
import { translatedFailure } from '#ports/full-disk';

const STATEMENT_CACHE_SIZE = 500;

/** One statement to run once per row, all in the same call: what a query each would cost is paid once. */
export interface ManyRowsQuery extends CompiledQuery {
  readonly rows: readonly (readonly SQLInputValue[])[];
}

/** A Kysely connection over built-in SQLite that keeps its prepared statements. */
export class SqliteConnection implements DatabaseConnection {
  readonly #database: DatabaseSync;
  readonly #statements = new Map<string, StatementSync>();

  constructor(database: DatabaseSync) {
    this.#database = database;
  }

  /** One statement that gives nothing back. */
  exec(text: string): void {
    try {
      this.#prepare(text).run();
    } catch (error) {
      throw translatedFailure(error);
    }
  }

  // Kysely's interface is asynchronous; SQLite's is not.
  async executeQuery<Row>(query: CompiledQuery): Promise<QueryResult<Row>> {
    const parameters = query.parameters as SQLInputValue[];
    try {
      if (isManyRows(query)) return { rows: [], numAffectedRows: BigInt(this.#runForEach(query)) };
      const statement = this.#prepare(query.sql);
      if (statement.columns().length > 0) {
        return { rows: statement.all(...parameters) as Row[] };
      }
      const { changes } = statement.run(...parameters);
      return { rows: [], numAffectedRows: BigInt(changes) };
    } catch (error) {
      throw translatedFailure(error);
    }
  }

  async *streamQuery<Row>(query: CompiledQuery): AsyncIterableIterator<QueryResult<Row>> {
    for (const row of this.#prepare(query.sql).iterate(...(query.parameters as SQLInputValue[]))) {
      yield { rows: [row as Row] };
    }
  }

  #runForEach({ sql, rows }: ManyRowsQuery): number {
    const statement = this.#prepare(sql);
    let changed = 0;
    for (const row of rows) changed += Number(statement.run(...row).changes);
    return changed;
  }

  #prepare(text: string): StatementSync {
    let statement = this.#statements.get(text);
    if (!statement) {
      statement = this.#database.prepare(text);
      if (this.#statements.size >= STATEMENT_CACHE_SIZE) this.#statements.clear();
      this.#statements.set(text, statement);
    }
    return statement;
  }
}

function isManyRows(query: CompiledQuery): query is ManyRowsQuery {
  return 'rows' in query;
}

/** A Kysely driver that always hands out the one connection; transactions are the writer's business. */
export function singleConnectionDriver(connection: SqliteConnection): Driver {
  const refuse = async (): Promise<never> => {
    throw new Error('Use Database.write: it owns transactions');
  };
  return {
    async init() {},
    acquireConnection: async () => connection,
    async releaseConnection() {},
    beginTransaction: refuse,
    commitTransaction: refuse,
    rollbackTransaction: refuse,
    async destroy() {},
  };
}
