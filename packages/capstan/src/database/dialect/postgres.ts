import { sql, type Kysely, type RawBuilder } from 'kysely';
import type { Schema } from '../schema/index.ts';
import type { HotQuery } from '../hot-query.ts';
import { arrayText } from './array-text.ts';
import type { ColumnValue, Dialect, InsertColumn } from './dialect.ts';
import { keptText } from './kept-text.ts';

const leaveKnown = sql`on conflict do nothing`;
const arrayTypes: Record<InsertColumn['type'], string> = {
  text: 'text[]',
  integer: 'bigint[]',
  double: 'double precision[]',
  bytes: 'bytea[]',
};

export const postgres: Dialect = {
  name: 'postgres',
  integer: 'bigint',
  double: 'double precision',
  bytes: 'bytea',
  clustered: '',
  forUpdateSkipLocked: sql`for update skip locked`,

  async lockChain() {},

  async insertMany(writer, table, columns, rows, onConflict = leaveKnown) {
    if (rows.length === 0) return 0;
    const text = keptText(columns, `postgres ${table}`, onConflict, () =>
      insertOf(table, columns, onConflict).compile(writer),
    );
    const query: HotQuery = { ...text, parameters: arraysOf(columns, rows), isKept: true };
    return Number((await writer.executeQuery(query)).numAffectedRows ?? 0n);
  },

  async insertManyOf(writer, table, columns, rows, onConflict = leaveKnown) {
    const all = [...rows.values()].flat();
    if (all.length === 0) return new Map();
    const text = keptText(columns, `postgres ${table} counted`, onConflict, () => {
      const owner = sql.ref(columns[0]?.name ?? '');
      return sql`with put as (${insertOf(table, columns, onConflict)} returning ${owner})
        select ${owner} as owner, count(*) as count from put group by ${owner}`.compile(writer);
    });
    const query: HotQuery = { ...text, parameters: arraysOf(columns, all), isKept: true, asLists: true };
    return new Map((await writer.executeQuery<readonly [number, number]>(query)).rows);
  },

  async updateMany(writer, table, { set, keys }, rows) {
    if (rows.length === 0) return 0;
    const columns = [...set, ...keys];
    const given = (column: InsertColumn) => sql.ref(`given.${column.name}`);
    const result = await sql`update ${sql.table(table)} as stored
      set ${sql.join(set.map((column) => sql`${sql.ref(column.name)} = ${given(column)}`))}
      from ${unnested(columns, rows)} as given (${sql.join(columns.map((column) => sql.ref(column.name)))})
      where ${sql.join(
        keys.map((column) => sql`${sql.ref(`stored.${column.name}`)} = ${given(column)}`),
        sql` and `,
      )}`.execute(writer);
    return Number(result.numAffectedRows ?? 0n);
  },

  async selectLists<Row extends readonly unknown[]>(reader: Kysely<Schema>, query: RawBuilder<unknown>) {
    const lists: HotQuery = { ...query.compile(reader), asLists: true };
    return (await reader.executeQuery<Row>(lists)).rows;
  },

  matches: (text, pattern, isCaseSensitive) =>
    isCaseSensitive ? sql`${text} like ${pattern} escape ''` : sql`${text} ilike ${pattern} escape ''`,

  exactInteger: (column) => sql`cast(${column} as text)`,
  listOf: (type, values) =>
    arrayText(
      type,
      values.map((value) => [value]),
      0,
    ),
  isIn: (type, value, list) => sql`${value} = any(${list}::${sql.raw(arrayTypes[type])})`,
  isOneOf: (integer, values) => postgres.isIn('integer', integer, sql.val(postgres.listOf('integer', values))),
  // `offset 0` keeps the look-ups apart. Else the planner, which takes many values for few, may read all rows of the condition
  // and compare each with all values.
  rowsAt: (table, condition, column, values) =>
    sql`(select found.* from unnest(${postgres.listOf('integer', values)}::bigint[]) as given (value) cross join lateral
      (select * from ${sql.table(table)} where ${condition} and ${sql.ref(column)} = given.value offset 0) as found)`,
  // The (sub)transaction that wrote it.
  rowVersion: (table) => sql`cast(${sql.ref(`${table}.xmin`)} as text)`,
  matchesRegExp: (text, pattern) => sql`${text} ~ ${dotsWithinLines(pattern)}`,
  jsonText: (column, key) => sql`(${column}::json ->> ${key})`,

  async dumpSchema(reader) {
    const { rows } = await sql<{ line: string }>`
      select table_name || '.' || column_name || ' ' || data_type ||
             case is_nullable when 'NO' then ' not null' else '' end ||
             coalesce(' default ' || column_default, '') as line
        from information_schema.columns where table_schema = current_schema()
       union all
      select 'index ' || regexp_replace(indexdef, ' ON [^.]+\.', ' ON ') from pg_indexes where schemaname = current_schema()
       union all
      select 'constraint ' || conrelid::regclass::text || ' ' || pg_get_constraintdef(oid)
        from pg_constraint where connamespace = current_schema()::regnamespace and contype in ('f', 'c')
       order by 1`.execute(reader);
    return rows.map((row) => `${row.line}\n`).join('');
  },
};

function insertOf(table: keyof Schema, columns: readonly InsertColumn[], onConflict: RawBuilder<unknown>) {
  const names = sql.join(columns.map((column) => sql.ref(column.name)));
  return sql`insert into ${sql.table(table)} (${names}) select * from ${unnested(columns, [])} ${onConflict}`;
}

/** A dot meets no end of line in RE2; here it would. */
function dotsWithinLines(pattern: string): string {
  let written = '';
  let isInSet = false;
  for (let index = 0; index < pattern.length; index++) {
    const sign = pattern.charAt(index);
    if (sign === '\\') {
      written += pattern.slice(index, index + 2);
      index += 1;
    } else {
      if (sign === '[') isInSet = true;
      if (sign === ']') isInSet = false;
      written += sign === '.' && !isInSet ? '[^\n]' : sign;
    }
  }
  return written;
}

/** A parameter per column, each an array, keeps the number of parameters constant. */
function unnested(columns: readonly InsertColumn[], rows: readonly (readonly ColumnValue[])[]) {
  const arrays = arraysOf(columns, rows).map(
    (array, index) => sql`${array}::${sql.raw(arrayTypes[columns[index]?.type ?? 'text'])}`,
  );
  return sql`unnest(${sql.join(arrays)})`;
}

function arraysOf(columns: readonly InsertColumn[], rows: readonly (readonly ColumnValue[])[]): string[] {
  return columns.map(({ type }, index) => arrayText(type, rows, index));
}
