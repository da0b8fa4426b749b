// The databases that a Capstan can be on: what reaches the database is tested on each.
import { inject } from 'vitest';
import { emptyPostgres } from './postgres.ts';
import { startServer } from './server.ts';

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

export interface CapstanOn {
  readonly database: DatabaseName;
  readonly url: string;
  /** @throws Error when it does not end as it should */
  stop(): Promise<void>;
}

/** Starts a control plane of its own on each database, in their order. */
export async function startOnEach(): Promise<CapstanOn[]> {
  return await Promise.all(
    databases.map(async (database) => {
      const { flags, remove } = emptyDatabase(database);
      const server = await startServer(['--no-serving', ...flags]);
      const stop = async (): Promise<void> => {
        const code = await server.stop();
        remove();
        if (code !== 0) throw new Error(`Capstan on ${database} ended with ${code}`);
      };
      return { database, url: server.url, stop };
    }),
  );
}

export async function stopAll(started: readonly CapstanOn[]): Promise<void> {
  for (const { stop } of started) await stop();
}
