import { DatabaseSync } from 'node:sqlite';
import { createRegExpMatch } from './regular-expression.ts';

/** A connection to the file, with what every connection needs that answers queries. */
export function openSqliteFile(path: string): DatabaseSync {
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
