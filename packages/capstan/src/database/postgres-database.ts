import { PostgresAdapter, PostgresIntrospector, PostgresQueryCompiler, sql, type Kysely } from 'kysely';
import { Pool, types, type PoolConfig } from 'pg';
import { DomainError } from '#kernel/errors';
import type { Database } from './database.ts';
import { postgres } from './dialect/postgres.ts';
import { kyselyOver } from './direct-executor.ts';
import { GroupCommit } from './group-commit.ts';
import { remembering } from './memo.ts';
import { pooledConnection } from './postgres-connection.ts';
import { PostgresTransactions } from './postgres-transactions.ts';

const INT8_OID = 20;
const CONNECT_TIMEOUT_MS = 5_000;
const READERS = 9;

const parts = {
  createAdapter: () => new PostgresAdapter(),
  createIntrospector: (db: Kysely<unknown>) => new PostgresIntrospector(db),
  createQueryCompiler: () => new PostgresQueryCompiler(),
};

/** @throws DomainError UNAVAILABLE when the server does not answer */
export async function openPostgres(url: string, schema: string): Promise<Database> {
  const config = {
    connectionString: url,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    types: {
      // 64-bit integers as numbers, like node:sqlite gives them; those beyond 2^53 are read as text by the query itself.
      getTypeParser: (oid: number, format?: 'text' | 'binary') =>
        oid === INT8_OID ? Number : types.getTypeParser(oid, format === 'binary' ? 'binary' : 'text'),
    },
  } satisfies PoolConfig;
  const path = `-c search_path=${schema}`;
  // Queries take milliseconds: to start another process for one costs as much, and the work done twice is missing elsewhere.
  const readers = new Pool({ ...config, max: READERS, options: `${path} -c max_parallel_workers_per_gather=0` });
  const writers = new Pool({ ...config, max: 1, pipeline: true, options: path });
  // An idle connection that the server ends must not end this process; the next query reports it.
  for (const pool of [readers, writers]) pool.on('error', () => {});
  const read = kyselyOver(parts, pooledConnection(readers))();
  const transactions = new PostgresTransactions(writers);
  const close = async (): Promise<void> => {
    await Promise.all([readers.end(), writers.end()]);
  };
  try {
    await sql`create schema if not exists ${sql.id(schema)}`.execute(read);
  } catch (cause) {
    await close();
    throw new DomainError('UNAVAILABLE', 'PostgreSQL does not answer', {
      field: 'database',
      hint: 'Check that the server runs and that the URL’s user may create the schema.',
      cause,
    });
  }

  const listeners = new Set<() => void>();
  const commits = new GroupCommit(transactions, () => {
    for (const listener of listeners) listener();
  });
  return {
    dialect: postgres,
    read,
    longRead: () => read,
    write: (work) =>
      commits.write((memo) => work(remembering(kyselyOver(parts, transactions.connectionOfWrite())(), memo))),
    onCommit(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    async close() {
      await commits.drain();
      await close();
    },
  };
}
