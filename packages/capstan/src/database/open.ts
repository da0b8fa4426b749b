import { invalid } from '#kernel/errors';
import type { Database } from './database.ts';
import { migrate } from './migrate.ts';
import { openSqlite } from './sqlite-database.ts';

export interface DatabaseOptions {
  /** `sqlite:PATH` or `postgresql://…`. */
  readonly url: string;
  /** PostgreSQL schema to work in; tests use one each. */
  readonly schema?: string;
}

/**
 * Opens the database and brings its schema up to date.
 * @throws DomainError INVALID_ARGUMENT for an unknown scheme; CONFLICT when another process holds the SQLite file or
 *   the schema is newer than this program; UNAVAILABLE when PostgreSQL does not answer
 */
export async function openDatabase(options: DatabaseOptions): Promise<Database> {
  const database = await connect(options);
  try {
    await migrate(database);
    return database;
  } catch (error) {
    await database.close();
    throw error;
  }
}

async function connect(options: DatabaseOptions): Promise<Database> {
  if (options.url.startsWith('sqlite:')) return openSqlite(options.url.slice('sqlite:'.length));
  if (/^postgres(ql)?:\/\//.test(options.url)) {
    // Here, not at the top: most installations are on SQLite, and the client of PostgreSQL costs 10 MB.
    const { openPostgres } = await import('./postgres-database.ts');
    return await openPostgres(options.url, options.schema ?? 'public');
  }
  throw invalid('The database URL starts with neither sqlite: nor postgresql://', {
    field: 'database',
    hint: 'Use sqlite:PATH or postgresql://USER:PASSWORD@HOST/NAME.',
  });
}
