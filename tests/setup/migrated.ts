// Makes the databases that unit tests copy: to apply every migration for each test takes longer than most tests do.
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { openDatabase } from '../../packages/capstan/src/database/open.ts';
import { ask } from '../../packages/capstan/src/database/testing-postgres.ts';

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const folder = mkdtempSync(join(tmpdir(), 'capstan-migrated-'));
  const sqliteFile = join(folder, 'capstan.db');
  await migrate(`sqlite:${sqliteFile}`);

  const server = project.getProvidedContext().postgresUrl;
  const postgresName = `capstan_migrated_${randomBytes(6).toString('hex')}`;
  const url = new URL(server);
  url.pathname = `/${postgresName}`;
  await ask(server, `create database ${postgresName}`);
  await migrate(url.href);
  await refuseRows(url.href);
  // A database somebody is connected to, even a cleaner of the server's own, cannot be copied.
  await ask(server, `alter database ${postgresName} with allow_connections false`);

  project.provide('migrated', { sqliteFile, postgresName });
  return async () => {
    rmSync(folder, { recursive: true, force: true });
    // Those that the workers made of it too.
    for (const name of await ask(server, `select datname from pg_database where datname like '${postgresName}%'`))
      await ask(server, `drop database ${name} with (force)`);
  };
}

async function migrate(url: string): Promise<void> {
  const database = await openDatabase({ url });
  await database.close();
}

/** @throws Error where a migration writes rows into an empty database: tests that empty theirs would not have them */
async function refuseRows(url: string): Promise<void> {
  const tables = await ask(
    url,
    `select relname from pg_class where relnamespace = 'public'::regnamespace and relkind = 'r' and relname <> 'migrations'`,
  );
  for (const table of tables) {
    const rows = await ask(url, `select 1 from "${table}" limit 1`);
    if (rows.length > 0) throw new Error(`${table} has rows from a migration: testing-postgres.ts must keep them`);
  }
}
