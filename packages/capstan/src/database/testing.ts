// For tests only: the same suite on both databases, real ones. Called by every store's tests.
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';
import { afterEach, describe, inject, onTestFinished } from 'vitest';
import type { Database } from './database.ts';
import { openDatabase, type DatabaseOptions } from './open.ts';

declare module 'vitest' {
  export interface ProvidedContext {
    /** URL of the temporary PostgreSQL of this run. */
    postgresUrl: string;
  }
}

/** Opens an empty database of the suite's dialect; it is closed and removed after the test. */
export type OpenEmpty = () => Promise<Database>;

/** Runs the suite twice: on SQLite in a temporary file, and on PostgreSQL in a schema of its own. */
export function describeDatabases(name: string, suite: (open: OpenEmpty) => void): void {
  describe(`${name} (sqlite)`, () => suite(opener(openSqliteFile)));
  describe(`${name} (postgres)`, () => suite(opener(openPostgresSchema)));
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
      return { url: `sqlite:${join(folder, 'capstan.db')}` };
    });
  });
  describe(`${name} (postgres)`, () => {
    suite(async () => {
      const options = { url: inject('postgresUrl'), schema: newSchemaName() };
      onTestFinished(() => dropSchema(options.url, options.schema));
      return options;
    });
  });
}

interface Opened {
  readonly database: Database;
  remove(): Promise<void>;
}

function opener(open: () => Promise<Opened>): OpenEmpty {
  const opened: Opened[] = [];
  afterEach(async () => {
    for (const { database, remove } of opened.splice(0)) {
      await database.close();
      await remove();
    }
  });
  return async () => {
    const one = await open();
    opened.push(one);
    return one.database;
  };
}

async function openSqliteFile(): Promise<Opened> {
  const folder = await mkdtemp(join(tmpdir(), 'capstan-db-'));
  const database = await openDatabase({ url: `sqlite:${join(folder, 'capstan.db')}` });
  return { database, remove: () => rm(folder, { recursive: true, force: true }) };
}

async function openPostgresSchema(): Promise<Opened> {
  const url = inject('postgresUrl');
  const schema = newSchemaName();
  const database = await openDatabase({ url, schema });
  return { database, remove: () => dropSchema(url, schema) };
}

function newSchemaName(): string {
  return `test_${randomBytes(8).toString('hex')}`;
}

async function dropSchema(url: string, schema: string): Promise<void> {
  const client = new Client({ connectionString: url });
  await client.connect();
  await client.query(`drop schema "${schema}" cascade`);
  await client.end();
}
