import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { SqliteAdapter, SqliteIntrospector, SqliteQueryCompiler, type Kysely } from 'kysely';
import type { Database } from './database.ts';
import { lockForProcess } from '#ports/process-lock';
import { sqlite } from './dialect/sqlite.ts';
import { kyselyOver } from './direct-executor.ts';
import { GroupCommit } from './group-commit.ts';
import { LongReads } from './long-reads/long-reads.ts';
import { remembering } from './memo.ts';
import { SqliteConnection } from './sqlite-connection.ts';
import { openSqliteFile } from './sqlite-file.ts';
import { sqliteTransactions } from './sqlite-transactions.ts';
import { LogSync } from './wal/log-sync.ts';
import { WriteAheadLog } from './wal/write-ahead-log.ts';

const parts = {
  createAdapter: () => new SqliteAdapter(),
  createIntrospector: (db: Kysely<unknown>) => new SqliteIntrospector(db),
  createQueryCompiler: () => new SqliteQueryCompiler(),
};

/** For so long after a write, others are expected, which would wait for whoever reads long on the event loop. */
const WRITES_EXPECTED_MS = 1_000;

/**
 * @param now in milliseconds, of a clock that never goes back
 * @throws DomainError CONFLICT when another process holds the file
 */
export function openSqlite(path: string, now = () => performance.now()): Database {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  const unlock = lockForProcess(path);
  const writerFile = openSqliteFile(path);
  writerFile.exec('pragma wal_autocheckpoint = 0');
  const readerFile = openSqliteFile(path);
  readerFile.exec('pragma query_only = on');

  const listeners = new Set<() => void>();
  const connection = new SqliteConnection(writerFile);
  const newWriter = kyselyOver(parts, connection);
  const reader = new SqliteConnection(readerFile);
  let lastWrite = Number.NEGATIVE_INFINITY;
  const longReads = new LongReads(path, reader, () => now() - lastWrite > WRITES_EXPECTED_MS);
  const log = new WriteAheadLog(path, writerFile);
  const logSync = new LogSync(path, writerFile);
  const target = sqliteTransactions(
    (text) => connection.exec(text),
    logSync,
    () => log.turn(),
  );
  const commits = new GroupCommit(target, () => {
    log.grown();
    for (const listener of listeners) listener();
  });

  return {
    dialect: sqlite,
    read: kyselyOver(parts, reader)(),
    longRead: (signal) => kyselyOver(parts, longReads.connection(signal))(),
    write(work, { canBeRedone = false } = {}) {
      lastWrite = now();
      return commits.write((memo) => work(remembering(newWriter(), memo)), canBeRedone);
    },
    onCommit(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    async close() {
      await commits.drain();
      await longReads.close();
      await log.close();
      logSync.close();
      readerFile.close();
      writerFile.close();
      unlock();
    },
  };
}
