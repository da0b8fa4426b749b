// For tests only: the same suite on both databases, real ones. Called by every store's tests.
import { copyFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, inject, onTestFinished } from 'vitest';
import type { Database } from './database.ts';
import { openDatabase, type DatabaseOptions } from './open.ts';
import { emptyPostgres } from './testing-postgres.ts';

declare module 'vitest' {
  export interface ProvidedContext {
    /** URL of the temporary PostgreSQL of this run. */
    postgresUrl: string;
    /** Databases that every migration has been applied to, made once for the run: to apply them takes longer than most tests. */
    migrated: { readonly sqliteFile: string; readonly postgresName: string };
  }
}

/** Opens an empty database of the suite's dialect; it is closed and removed after the test. */
export type OpenEmpty = () => Promise<Database>;

/** Runs the suite twice: on SQLite in a temporary file, and on PostgreSQL in a database of its own. */
export function describeDatabases(name: string, suite: (open: OpenEmpty) => void): void {
  describeDatabaseServers(name, (make) =>
    suite(async () => {
      const database = await openDatabase(await make());
      // Such functions run last first: whatever a test has built on the database ends before it.
      onTestFinished(() => database.close());
      return database;
    }),
  );
}

/**
 * The same for suites in which processes of their own open the database: gives where an empty one is to be. It is removed
 * after the test; by then nobody may have it open.
 */
export function describeDatabaseServers(name: string, suite: (make: () => Promise<DatabaseOptions>) => void): void {
  describe(`${name} (sqlite)`, () => {
    suite(async () => {
      const folder = await mkdtemp(join(tmpdir(), 'capstan-db-'));
      onTestFinished(() => rm(folder, { recursive: true, force: true }));
      return await sqliteIn(folder);
    });
  });
  describe(`${name} (postgres)`, () => {
    suite(async () => {
      const { url, giveBack } = await emptyPostgres(inject('postgresUrl'), inject('migrated').postgresName);
      onTestFinished(giveBack);
      return { url };
    });
  });
}

/** An empty SQLite database `capstan.db` in a folder that the caller removes. */
export async function sqliteIn(folder: string): Promise<DatabaseOptions> {
  const file = join(folder, 'capstan.db');
  await copyFile(inject('migrated').sqliteFile, file);
  return { url: `sqlite:${file}` };
}
