import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { Kysely, SqliteIntrospector, SqliteQueryCompiler, type Dialect as KyselyDialect } from 'kysely';
import type { Database } from './database.ts';
import { lockForProcess } from '#ports/process-lock';
import { sqlite } from './dialect/sqlite.ts';
import { GroupCommit } from './group-commit.ts';
import { createRegExpMatch } from './regular-expression.ts';
import type { Schema } from './schema/index.ts';
import { SqliteConnection, SqliteExecutor, singleConnectionDriver } from './sqlite-connection.ts';
import { WriteAheadLog } from './wal/write-ahead-log.ts';

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
  const writer = kyselyOver(connection);
  const read = kyselyOver(new SqliteConnection(readerFile));
  const log = new WriteAheadLog(path, writerFile);
  const commits = new GroupCommit({ exec: (text) => connection.exec(text), turn: () => log.turn() }, () => {
    log.grown();
    for (const listener of listeners) listener();
  });

  return {
    dialect: sqlite,
    read,
    write: (work, { canBeRedone = false } = {}) => commits.write(() => work(writer), canBeRedone),
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

function kyselyOver(connection: SqliteConnection): Kysely<Schema> {
  const executor = new SqliteExecutor(connection);
  const driver = singleConnectionDriver(connection);
  const dialect: KyselyDialect = {
    createAdapter: () => executor.adapter,
    createDriver: () => driver,
    createIntrospector: (db) => new SqliteIntrospector(db),
    createQueryCompiler: () => new SqliteQueryCompiler(),
  };
  return new Kysely<Schema>({ config: { dialect }, dialect, driver, executor });
}
