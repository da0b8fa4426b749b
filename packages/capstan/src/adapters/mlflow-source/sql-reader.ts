// The two databases that MLflow keeps its data in, read alike. Nothing is ever written, and no lock is held between
// calls: MLflow goes on meanwhile.
import { DatabaseSync, type SQLInputValue } from 'node:sqlite';
import { existsSync } from 'node:fs';
import pg from 'pg';
import { DomainError, messageOf } from '#kernel/errors';

export type Row = Readonly<Record<string, string | number | bigint | boolean | null>>;

export interface SqlReader {
  /** Rows of a query with `?` places. */
  rows(text: string, values?: readonly (string | number)[]): Promise<Row[]>;
  /** Names of a table's columns; none for a table that is not there. */
  columns(table: string): Promise<ReadonlySet<string>>;
  /** Every point of a run, in pieces. */
  longHistory(runId: string): AsyncIterable<Row[]>;
  close(): Promise<void>;
}

const PIECE = 20_000;
const POINT = 'run_uuid, key, value, timestamp, step, is_nan';

/** @throws DomainError NOT_FOUND for a file that is not there or no database */
export function openSqliteReader(path: string): SqlReader {
  if (!existsSync(path)) throw new DomainError('NOT_FOUND', `There is no file ${path}`, { field: 'uri' });
  let file: DatabaseSync;
  try {
    file = new DatabaseSync(path, { readOnly: true });
    file.exec('pragma busy_timeout = 20000; pragma query_only = on;');
    file.prepare('select count(*) from sqlite_schema').get();
  } catch (cause) {
    throw new DomainError('INVALID_ARGUMENT', `${path} is no SQLite database that can be read: ${messageOf(cause)}`, {
      field: 'uri',
      cause,
    });
  }
  const query = (text: string, values: readonly (string | number)[]): Row[] => {
    const statement = file.prepare(text);
    const given = values as SQLInputValue[];
    try {
      return statement.all(...given) as Row[];
    } catch (error) {
      // Integers beyond 2^53 come as bigints, and then all do: only where there are some.
      if (!(error instanceof Error && 'code' in error && error.code === 'ERR_OUT_OF_RANGE')) throw error;
      const exact = file.prepare(text);
      exact.setReadBigInts(true);
      return exact.all(...given) as Row[];
    }
  };
  return {
    rows: async (text, values = []) => query(text, values),
    async columns(table) {
      const rows = query('select name from pragma_table_info(?)', [table]);
      return new Set(rows.map((row) => String(row['name'])));
    },
    async *longHistory(runId) {
      for (let last = -1; ;) {
        const rows = query(
          `select rowid as place, ${POINT} from metrics where run_uuid = ? and rowid > ? order by rowid limit ${PIECE}`,
          [runId, last],
        );
        if (rows.length > 0) yield rows;
        if (rows.length < PIECE) return;
        last = Number(rows.at(-1)?.['place']);
      }
    },
    async close() {
      file.close();
    },
  };
}

/** @throws DomainError UNAVAILABLE when it does not answer or refuses the login */
export async function openPostgresReader(url: string): Promise<SqlReader> {
  const client = new pg.Client({ connectionString: url.replace(/^postgresql\+\w+:/, 'postgresql:') });
  try {
    await client.connect();
    // One state of the database for the whole import; a snapshot holds nobody up.
    await client.query('begin isolation level repeatable read read only');
  } catch (cause) {
    throw new DomainError('UNAVAILABLE', `PostgreSQL does not let us in: ${messageOf(cause)}`, { field: 'uri', cause });
  }
  let cursors = 0;
  const query = async (text: string, values: readonly (string | number)[] = []): Promise<Row[]> => {
    let place = 0;
    const numbered = text.replaceAll('?', () => `$${(place += 1)}`);
    return (await client.query<Row>(numbered, [...values])).rows;
  };
  return {
    rows: query,
    async columns(table) {
      const rows = await query(
        'select column_name as name from information_schema.columns where table_schema = any (current_schemas(false)) and table_name = ?',
        [table],
      );
      return new Set(rows.map((row) => String(row['name'])));
    },
    async *longHistory(runId) {
      // Several may be open at a time, on the one connection.
      const cursor = `points_${(cursors += 1)}`;
      const wanted = `select ${POINT} from metrics where run_uuid = ${client.escapeLiteral(runId)}`;
      await client.query(`declare ${cursor} no scroll cursor for ${wanted}`);
      try {
        for (;;) {
          const rows = await query(`fetch ${PIECE} from ${cursor}`);
          if (rows.length > 0) yield rows;
          if (rows.length < PIECE) return;
        }
      } finally {
        await client.query(`close ${cursor}`);
      }
    },
    async close() {
      await client.end();
    },
  };
}
