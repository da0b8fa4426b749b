import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { SqliteAdapter, SqliteIntrospector, SqliteQueryCompiler, type Kysely } from 'kysely';
import type { Database } from './database.ts';
import { lockForProcess } from '#ports/process-lock';
import { sqlite } from './dialect/sqlite.ts';
import { kyselyOver } from './direct-executor.ts';
import { GroupCommit } from './group-commit.ts';
import { remembering } from './memo.ts';
import { createRegExpMatch } from './regular-expression.ts';
import { SqliteConnection } from './sqlite-connection.ts';
import { sqliteTransactions } from './sqlite-transactions.ts';
import { WriteAheadLog } from './wal/write-ahead-log.ts';

const parts = {
  createAdapter: () => new SqliteAdapter(),
  createIntrospector: (db: Kysely<unknown>) => new SqliteIntrospector(db),
  createQueryCompiler: () => new SqliteQueryCompiler(),
};

/** @throws DomainError CONFLICT when another process holds the file */
export function openSqlite(path: string): Database {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  const unlock = lockForProcess(path);
  const writerFile = openFile(path);
  writerFile.exec('pragma wal_autocheckpoint = 0');
  const readerFile = openFile(path);
  readerFile.exec('pragma query_only = on');

  const listeners = new Set<() => void>();
  const connection = new SqliteConnection(writerFile);
  const newWriter = kyselyOver(parts, connection);
  const read = kyselyOver(parts, new SqliteConnection(readerFile))();
  const log = new WriteAheadLog(path, writerFile);
  const target = sqliteTransactions(
    (text) => connection.exec(text),
    () => log.turn(),
  );
  const commits = new GroupCommit(target, () => {
    log.grown();
    for (const listener of listeners) listener();
  });

  return {
    dialect: sqlite,
    read,
    write: (work, { canBeRedone = false } = {}) =>
      commits.write((memo) => work(remembering(newWriter(), memo)), canBeRedone),
    onCommit(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    async close() {
      await commits.drain();
      await log.close();
      readerFile.close();
      writerFile.close();
      unlock();
    },
  };
}

function openFile(path: string): DatabaseSync {
  const file = new DatabaseSync(path);
  // The time-out first: switching to WAL itself may meet a lock. FULL: in WAL mode, NORMAL may lose acknowledged
  // commits when the power fails.
  file.exec(`pragma busy_timeout = 5000; pragma journal_mode = wal; pragma synchronous = full;
    pragma foreign_keys = on; pragma cache_size = -65536;`);
  const matches = createRegExpMatch();
  file.function('matches_regexp', { deterministic: true }, (pattern, text) =>
    typeof pattern === 'string' && typeof text === 'string' && matches(pattern, text) ? 1 : 0,
  );
  return file;
}
