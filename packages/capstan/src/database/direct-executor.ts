import {
  DefaultQueryExecutor,
  Kysely,
  type CompiledQuery,
  type DatabaseConnection,
  type Dialect,
  type Driver,
  type QueryResult,
} from 'kysely';
import type { Schema } from './schema/index.ts';

/**
 * Kysely's own asks for a connection and gives it back at each query, which costs more than a small query does; here the
 * connection itself sees to that.
 */
class DirectExecutor extends DefaultQueryExecutor {
  readonly #connection: DatabaseConnection;

  constructor(dialect: DialectParts, connection: DatabaseConnection) {
    super(dialect.createQueryCompiler(), dialect.createAdapter(), { provideConnection: (work) => work(connection) });
    this.#connection = connection;
  }

  override executeQuery<Row>(query: CompiledQuery): Promise<QueryResult<Row>> {
    return this.#connection.executeQuery<Row>(query);
  }
}

type DialectParts = Omit<Dialect, 'createDriver'>;

/** Makes what queries go through; each one is cheap. Transactions are the business of `Database.write`. */
export function kyselyOver(parts: DialectParts, connection: DatabaseConnection): () => Kysely<Schema> {
  const executor = new DirectExecutor(parts, connection);
  const driver = driverOf(connection);
  const dialect: Dialect = { ...parts, createDriver: () => driver };
  return () => new Kysely<Schema>({ config: { dialect }, dialect, driver, executor });
}

function driverOf(connection: DatabaseConnection): Driver {
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
