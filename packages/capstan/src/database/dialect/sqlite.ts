import { sql } from 'kysely';
import type { Dialect } from './dialect.ts';

export const sqlite: Dialect = {
  name: 'sqlite',
  integer: 'integer',
  double: 'real',
  bytes: 'blob',
  clustered: 'without rowid',
  // One writer at a time: there is nobody to skip.
  forUpdateSkipLocked: sql``,
  async lockChain() {},

  async insertMany(writer, table, columns, rows) {
    const names = sql.join(columns.map((column) => sql.ref(column.name)));
    let inserted = 0;
    for (const row of rows) {
      // One prepared statement is reused for every row: the text is the same each time.
      const result = await sql`insert into ${sql.table(table)} (${names}) values (${sql.join(row)})
        on conflict do nothing`.execute(writer);
      inserted += Number(result.numAffectedRows ?? 0n);
    }
    return inserted;
  },

  async dumpSchema(reader) {
    const { rows } = await sql<{ sql: string }>`select sql from sqlite_schema
      where sql is not null and name not like 'sqlite_%' order by type desc, name`.execute(reader);
    return rows.map((row) => `${row.sql};\n`).join('');
  },
};
