import type { DatabaseSync, SQLInputValue } from 'node:sqlite';
import {
  DefaultQueryExecutor,
  SqliteAdapter,
  SqliteQueryCompiler,
  type CompiledQuery,
  type DatabaseConnection,
  type Driver,
  type QueryResult,
} from 'kysely';
import { translatedFailure } from '#ports/full-disk';
import { StatementCache } from './statement-cache.ts';

/** One statement to run once per row, all in the same call: what a query each would cost is paid once. */
export interface ManyRowsQuery extends CompiledQuery {
  readonly rows: readonly (readonly SQLInputValue[])[];
}

/** A query whose rows are wanted as lists. */
export interface ListsQuery extends CompiledQuery {
  readonly asLists: true;
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
  async executeQuery<Row>(query: CompiledQuery): Promise<QueryResult<Row>> {
    const parameters = query.parameters as SQLInputValue[];
    try {
      if (isManyRows(query)) return { rows: [], numAffectedRows: BigInt(this.#runForEach(query)) };
      const { statement, columns } = this.#statements.get(query.sql);
      if (columns.length > 0) {
        statement.setReturnArrays('asLists' in query);
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

/**
 * Kysely's own asks for a connection and gives it back at each query, which costs more than a small query does; here there is
 * but one, and it is always free.
 */
export class SqliteExecutor extends DefaultQueryExecutor {
  readonly #connection: DatabaseConnection;

  constructor(connection: DatabaseConnection) {
    super(new SqliteQueryCompiler(), new SqliteAdapter(), { provideConnection: (work) => work(connection) });
    this.#connection = connection;
  }

  override executeQuery<Row>(query: CompiledQuery): Promise<QueryResult<Row>> {
    return this.#connection.executeQuery<Row>(query);
  }
}

/** A Kysely driver that always hands out the one connection; transactions are the writer's business. */
export function singleConnectionDriver(connection: DatabaseConnection): Driver {
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
