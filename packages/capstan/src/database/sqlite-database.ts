import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import {
  Kysely,
  SqliteIntrospector,
  SqliteQueryCompiler,
  type DatabaseConnection,
  type Dialect as KyselyDialect,
} from 'kysely';
import type { Database } from './database.ts';
import { lockForProcess } from '#ports/process-lock';
import { sqlite } from './dialect/sqlite.ts';
import { GroupCommit } from './group-commit.ts';
import { LongReads } from './long-reads/long-reads.ts';
import type { Schema } from './schema/index.ts';
import { SqliteConnection, SqliteExecutor, singleConnectionDriver } from './sqlite-connection.ts';
import { openSqliteFile } from './sqlite-file.ts';
import { WriteAheadLog } from './wal/write-ahead-log.ts';

/** @throws DomainError CONFLICT when another process holds the file */
export function openSqlite(path: string): Database {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  const unlock = lockForProcess(path);
  const writerFile = openSqliteFile(path);
  writerFile.exec('pragma wal_autocheckpoint = 0');
  const readerFile = openSqliteFile(path);
  readerFile.exec('pragma query_only = on');

  const listeners = new Set<() => void>();
  const connection = new SqliteConnection(writerFile);
  const writer = kyselyOver(connection);
  const reader = new SqliteConnection(readerFile);
  const longReads = new LongReads(path, reader);
  const log = new WriteAheadLog(path, writerFile);
  const commits = new GroupCommit({ exec: (text) => connection.exec(text), turn: () => log.turn() }, () => {
    log.grown();
    for (const listener of listeners) listener();
  });

  return {
    dialect: sqlite,
    read: kyselyOver(reader),
    longRead: (signal) => kyselyOver(longReads.connection(signal)),
    write: (work, { canBeRedone = false } = {}) => commits.write(() => work(writer), canBeRedone),
    onCommit(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    async close() {
      await commits.drain();
      await longReads.close();
      await log.close();
      readerFile.close();
      writerFile.close();
      unlock();
    },
  };
}

function kyselyOver(connection: DatabaseConnection): Kysely<Schema> {
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
