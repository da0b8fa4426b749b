// Rows put straight into a database, in the order and shape that they are given.
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { findPostgresBinaries } from '../../tests/setup/find-postgres.ts';

type Value = string | number;

export interface RowSink {
  insert(table: string, columns: readonly string[], rows: Iterable<readonly Value[]>): Promise<void>;
  close(): Promise<void>;
}

export function rowsIntoSqlite(path: string): RowSink {
  const file = new DatabaseSync(path);
  file.exec('pragma busy_timeout = 10000');
  return {
    async insert(table, columns, rows) {
      const statement = file.prepare(
        `insert into ${table} (${columns.join(', ')}) values (${columns.map(() => '?').join(', ')})`,
      );
      file.exec('begin immediate');
      for (const row of rows) statement.run(...row);
      file.exec('commit');
    },
    async close() {
      file.close();
    },
  };
}

export function rowsIntoPostgres(url: string): RowSink {
  const binaries = findPostgresBinaries();
  if (binaries === null) throw new Error('PostgreSQL is not installed');
  return {
    async insert(table, columns, rows) {
      // Texts of the seed hold no tab and no backslash.
      const lines = Array.from(rows, (row) => row.join('\t'));
      const script = `copy ${table} (${columns.join(', ')}) from stdin;\n${lines.join('\n')}\n\\.\n`;
      execFileSync(join(binaries, 'psql'), ['-q', '-v', 'ON_ERROR_STOP=1', '-d', url], {
        input: script,
        stdio: ['pipe', 'ignore', 'inherit'],
      });
    },
    async close() {},
  };
}
