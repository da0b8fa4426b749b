// Rows put straight into a database, in the order and shape that they are given.
import { DatabaseSync } from 'node:sqlite';
import { Client } from 'pg';

type Value = string | number;

export interface RowSink {
  insert(table: string, columns: readonly string[], rows: Iterable<readonly Value[]>): Promise<void>;
  close(): Promise<void>;
}

const CHUNK = 5_000;

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

export async function rowsIntoPostgres(url: string): Promise<RowSink> {
  const client = new Client({ connectionString: url });
  await client.connect();
  return {
    async insert(table, columns, rows) {
      const all = [...rows];
      for (let from = 0; from < all.length; from += CHUNK) {
        // As one JSON document: each column gets its type from the table.
        const objects = all
          .slice(from, from + CHUNK)
          .map((row) => Object.fromEntries(columns.map((name, at) => [name, row[at]])));
        await client.query(
          `insert into ${table} (${columns.join(', ')})
           select ${columns.join(', ')} from json_populate_recordset(null::${table}, $1)`,
          [JSON.stringify(objects)],
        );
      }
    },
    close: () => client.end(),
  };
}
