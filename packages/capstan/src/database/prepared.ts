import { PostgresAdapter, sql, type CompiledQuery, type Insertable, type RawBuilder } from 'kysely';
import type { ColumnValue, Dialect } from './dialect/dialect.ts';
import { postgres } from './dialect/postgres.ts';
import { sqlite } from './dialect/sqlite.ts';
import type { Reader } from './database.ts';
import type { HotQuery } from './hot-query.ts';
import type { Schema } from './schema/index.ts';

/** Arguments of a query, by name. */
type Arguments = Readonly<Record<string, ColumnValue>>;

/** Stands where an argument goes while the text of a query is made. */
class Place {
  readonly name: string;
  constructor(name: string) {
    this.name = name;
  }
}

export interface PreparedResult<Row> {
  readonly rows: readonly Row[];
  /** How many rows it changed. */
  readonly changed: number;
}

/**
 * A query whose text is made once for each kind of database and kept parsed by it, for the paths that are walked a thousand
 * times a second: making it each time costs more than SQLite takes to run it.
 */
export function prepared<Args extends Arguments, Row = unknown>(
  build: (given: (name: keyof Args & string) => RawBuilder<unknown>, dialect: Dialect) => RawBuilder<unknown>,
): (db: Reader, args: Args) => Promise<PreparedResult<Row>> {
  const texts = new Map<Dialect, CompiledQuery>();
  return async (db, args) => {
    const dialect = db.getExecutor().adapter instanceof PostgresAdapter ? postgres : sqlite;
    let text = texts.get(dialect);
    if (!text) {
      text = build((name) => sql`${new Place(name)}`, dialect).compile(db);
      texts.set(dialect, text);
    }
    const parameters = text.parameters.map((value) => (value instanceof Place ? args[value.name] : value));
    const query: HotQuery = { ...text, parameters, isKept: true };
    const { rows, numAffectedRows } = await db.executeQuery<Row>(query);
    return { rows, changed: Number(numAffectedRows ?? 0n) };
  };
}

/** Inserts a row of a table: every column that is listed, by its name. */
export function preparedInsert<Table extends keyof Schema>(
  table: Table,
  columns: readonly (keyof Schema[Table] & string)[],
): (db: Reader, row: Insertable<Schema[Table]>) => Promise<void> {
  const insert = prepared<Arguments>(
    (given) =>
      sql`insert into ${sql.table(table)} (${sql.join(columns.map((name) => sql.ref(name)))})
          values (${sql.join(columns.map((name) => given(name)))})`,
  );
  return async (db, row) => void (await insert(db, row as Arguments));
}
