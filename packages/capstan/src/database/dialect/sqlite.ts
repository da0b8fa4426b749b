import { sql, type Kysely, type RawBuilder } from 'kysely';
import type { Schema } from '../schema/index.ts';
import type { HotQuery } from '../hot-query.ts';
import type { ManyRowsQuery } from '../sqlite-connection.ts';
import type { Dialect, InsertColumn } from './dialect.ts';
import { keptText } from './kept-text.ts';

const leaveKnown = sql`on conflict do nothing`;
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
    const one = keptText(columns, `sqlite ${table}`, onConflict, () => {
      const names = sql.join(columns.map((column) => sql.ref(column.name)));
      const places = sql.join(columns.map(() => null));
      return sql`insert into ${sql.table(table)} (${names}) values (${places}) ${onConflict}`.compile(writer);
    });
    const query: ManyRowsQuery = { ...one, parameters: [], rows };
    const result = await writer.executeQuery(query);
    return Number(result.numAffectedRows ?? 0n);
  },

  async insertManyOf(writer, table, columns, rows, onConflict = leaveKnown) {
    const counts = new Map<number, number>();
    for (const [owner, own] of rows) {
      const count = await sqlite.insertMany(writer, table, columns, own, onConflict);
      if (count > 0) counts.set(owner, count);
    }
    return counts;
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
    const lists: HotQuery = { ...query.compile(reader), asLists: true };
    return (await reader.executeQuery<Row>(lists)).rows;
  },

  matches: (text, pattern, isCaseSensitive) =>
    isCaseSensitive ? sql`${text} glob ${globOf(pattern)}` : sql`${text} like ${pattern}`,

  exactInteger: (column) =>
    sql`case when ${column} between ${sql.lit(Number.MIN_SAFE_INTEGER)} and ${sql.lit(Number.MAX_SAFE_INTEGER)}
      then ${column} else cast(${column} as text) end`,
  listOf: (type, values) => (type === 'text' ? JSON.stringify(values) : `[${values.join(',')}]`),
  isIn: (_type, value, list) => sql`${value} in (select value from json_each(${list}))`,
  isOneOf: (integer, values) => sqlite.isIn('integer', integer, sql.val(sqlite.listOf('integer', values))),
  rowsAt: (table, condition, column, values) =>
    sql`(select * from ${sql.table(table)} where ${condition} and ${sqlite.isOneOf(sql.ref(column), values)})`,
  rowVersion: () => sql`null`,
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
