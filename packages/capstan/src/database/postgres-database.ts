import { Kysely, PostgresDialect, sql, type PostgresPool, type PostgresPoolClient } from 'kysely';
import { Pool, types } from 'pg';
import { DomainError } from '#kernel/errors';
import type { Database } from './database.ts';
import { postgres } from './dialect/postgres.ts';
import { translatedPostgresFailure } from './postgres-failure.ts';
import type { Schema } from './schema/index.ts';

const INT8_OID = 20;
const CONNECT_TIMEOUT_MS = 5_000;
const MAX_CONNECTIONS = 10;

/** @throws DomainError UNAVAILABLE when the server does not answer */
export async function openPostgres(url: string, schema: string): Promise<Database> {
  const pool = new Pool({
    connectionString: url,
    max: MAX_CONNECTIONS,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    options: `-c search_path=${schema}`,
    types: {
      // 64-bit integers as numbers, like node:sqlite gives them; those beyond 2^53 are read as text by the query itself.
      getTypeParser: (oid: number, format?: 'text' | 'binary') =>
        oid === INT8_OID ? Number : types.getTypeParser(oid, format === 'binary' ? 'binary' : 'text'),
    },
  });
  // An idle connection that the server ends must not end this process; the next query reports it.
  pool.on('error', () => {});
  const db = new Kysely<Schema>({ dialect: new PostgresDialect({ pool: translating(pool) }) });
  try {
    await sql`create schema if not exists ${sql.id(schema)}`.execute(db);
  } catch (cause) {
    await db.destroy();
    throw new DomainError('UNAVAILABLE', 'PostgreSQL does not answer', {
      field: 'database',
      hint: 'Check that the server runs and that the URL’s user may create the schema.',
      cause,
    });
  }

  const listeners = new Set<() => void>();
  return {
    dialect: postgres,
    read: db,
    longRead: () => db,
    async write(work) {
      const result = await db.transaction().execute(work);
      for (const listener of listeners) listener();
      return result;
    },
    onCommit(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    close: () => db.destroy(),
  };
}

/** The pool, with what it throws in our words: callers answer 503 where the database is away. */
function translating(pool: Pool): PostgresPool {
  const told = async <Result>(work: Promise<Result>): Promise<Result> => {
    try {
      return await work;
    } catch (error) {
      throw translatedPostgresFailure(error);
    }
  };
  return {
    options: pool.options,
    end: () => pool.end(),
    async connect() {
      const client = await told(pool.connect());
      // A connection that breaks while it is lent out tells so by an event too, which must not end this process.
      const broken = (): void => {};
      client.on('error', broken);
      const lent = Object.create(client) as PostgresPoolClient;
      lent.query = ((...args: Parameters<typeof client.query>) => told(client.query(...args) as never)) as never;
      lent.release = (...args) => {
        client.off('error', broken);
        client.release(...args);
      };
      return lent;
    },
  };
}
