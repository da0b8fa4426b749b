import { sql, type CompiledQuery, type Kysely, type RawBuilder } from 'kysely';
import type { Schema } from '../schema/index.ts';
import type { ListsQuery, ManyRowsQuery } from '../sqlite-connection.ts';
import type { Dialect, InsertColumn } from './dialect.ts';

const leaveKnown = sql`on conflict do nothing`;
/** Texts of inserts by the lists of their columns, which are constants of the stores. */
const inserts = new WeakMap<readonly InsertColumn[], Map<string, { onConflict: unknown; text: CompiledQuery }>>();

/** Making the text costs more than inserting a row. */
function onceFor(
  columns: readonly InsertColumn[],
  table: string,
  onConflict: RawBuilder<unknown>,
  make: () => CompiledQuery,
): CompiledQuery {
  let byTable = inserts.get(columns);
  if (!byTable) inserts.set(columns, (byTable = new Map()));
  const known = byTable.get(table);
  if (known?.onConflict === onConflict) return known.text;
  const text = make();
  byTable.set(table, { onConflict, text });
  return text;
}

export const sqlite: Dialect = {
  name: 'sqlite',
  integer: 'integer',
  double: 'real',
  bytes: 'blob',
  clustered: 'without rowid',
  // One writer at a time: there is nobody to skip.
  forUpdateSkipLocked: sql``,
  async lockChain() {},

  async insertMany(writer, table, columns, rows, onConflict = leaveKnown) {
    if (rows.length === 0) return 0;
    const one = onceFor(columns, table, onConflict, () => {
      const names = sql.join(columns.map((column) => sql.ref(column.name)));
      const places = sql.join(columns.map(() => null));
      return sql`insert into ${sql.table(table)} (${names}) values (${places}) ${onConflict}`.compile(writer);
    });
    const query: ManyRowsQuery = { ...one, parameters: [], rows };
    const result = await writer.executeQuery(query);
    return Number(result.numAffectedRows ?? 0n);
  },

  async updateMany(writer, table, { set, keys }, rows) {
    if (rows.length === 0) return 0;
    const equal = (columns: readonly InsertColumn[]) => columns.map((column) => sql`${sql.ref(column.name)} = ${null}`);
    const one = sql`update ${sql.table(table)} set ${sql.join(equal(set))}
      where ${sql.join(equal(keys), sql` and `)}`.compile(writer);
    const query: ManyRowsQuery = { ...one, parameters: [], rows };
    const result = await writer.executeQuery(query);
    return Number(result.numAffectedRows ?? 0n);
  },

  async selectLists<Row extends readonly unknown[]>(reader: Kysely<Schema>, query: RawBuilder<unknown>) {
    const lists: ListsQuery = { ...query.compile(reader), asLists: true };
    return (await reader.executeQuery<Row>(lists)).rows;
  },

  matches: (text, pattern, isCaseSensitive) =>
    isCaseSensitive ? sql`${text} glob ${globOf(pattern)}` : sql`${text} like ${pattern}`,

  exactInteger: (column) =>
    sql`case when ${column} between ${sql.lit(Number.MIN_SAFE_INTEGER)} and ${sql.lit(Number.MAX_SAFE_INTEGER)}
      then ${column} else cast(${column} as text) end`,
  isOneOf: (integer, values) => sql`${integer} in (select value from json_each(${`[${values.join(',')}]`}))`,
  // The function is of `sqlite-database.ts`; false for what is no text.
  matchesRegExp: (text, pattern) => sql`matches_regexp(${pattern}, ${text})`,
  // A path of SQLite has no way to write a quote inside a quoted key.
  jsonText: (column, key) => (key.includes('"') ? sql`null` : sql`json_extract(${column}, ${`$."${key}"`})`),

  async dumpSchema(reader) {
    const { rows } = await sql<{ sql: string }>`select sql from sqlite_schema
      where sql is not null and name not like 'sqlite_%' order by type desc, name`.execute(reader);
    return rows.map((row) => `${row.sql};\n`).join('');
  },
};

/** SQLite's LIKE does not tell case; GLOB does, with other signs. */
function globOf(pattern: string): string {
  const signs: Readonly<Record<string, string>> = { '%': '*', _: '?', '*': '[*]', '?': '[?]', '[': '[[]' };
  return Array.from(pattern, (character) => signs[character] ?? character).join('');
}
