// A database of its own in the temporary PostgreSQL of the run, for a server that works in the schema `public`.
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { findPostgresBinaries } from '../setup/find-postgres.ts';

export interface EmptyPostgres {
  readonly url: string;
  /** Nobody may be connected by then. */
  remove(): void;
}

/** `server` is the URL that the run's setup provides. @throws Error where its user may not create databases */
export function emptyPostgres(server: string): EmptyPostgres {
  const binaries = findPostgresBinaries();
  if (binaries === null) throw new Error('PostgreSQL is not installed');
  const name = `capstan_${randomBytes(6).toString('hex')}`;
  const url = new URL(server);
  url.pathname = `/${name}`;
  const run = (program: string, ...args: string[]) =>
    void execFileSync(join(binaries, program), ['--maintenance-db', server, ...args, name], { stdio: 'pipe' });
  run('createdb');
  return { url: url.href, remove: () => run('dropdb', '--force') };
}
