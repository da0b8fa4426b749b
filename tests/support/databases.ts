// The databases that a Capstan can be on: what reaches the database is tested on each.
import { inject } from 'vitest';
import { emptyPostgres } from './postgres.ts';

export const databases = ['SQLite', 'PostgreSQL'] as const;
export type DatabaseName = (typeof databases)[number];

export interface EmptyDatabase {
  /** For `startServer`. SQLite lies in the server's data folder, and takes none. */
  readonly flags: readonly string[];
  /** Nobody may be connected by then. */
  remove(): void;
}

/** A database for one Capstan of its own. */
export function emptyDatabase(name: DatabaseName): EmptyDatabase {
  if (name === 'SQLite') return { flags: [], remove: () => {} };
  const { url, remove } = emptyPostgres(inject('postgresUrl'));
  return { flags: ['--database', url], remove };
}
