import type { DuckDBType } from '@duckdb/node-api';
import { quoteName, type MemoryColumn, type MemoryTable, type MemoryType } from '#ports/analytics';
import type { Session } from './session.ts';

type Vendor = Session['vendor'];

/** Rows of a chunk, the engine's own measure. */
const CHUNK_ROWS = 2_048;

/** Makes the table in the session's database, a chunk at a time. */
export async function createMemoryTable(
  { connection, vendor }: Session,
  name: string,
  { rows, columns }: MemoryTable,
): Promise<void> {
  const declared = columns.map((column) => `${quoteName(column.name)} ${column.type}`);
  await connection.run(`create table ${quoteName(name)} (${declared.join(', ')})`);
  const types = columns.map(({ type }) => typeOf(vendor, type));
  const appender = await connection.createAppender(name);
  for (let from = 0; from < rows; from += CHUNK_ROWS) {
    const count = Math.min(CHUNK_ROWS, rows - from);
    const chunk = vendor.DuckDBDataChunk.create(types, count);
    for (const [index, column] of columns.entries()) {
      const valueAt = reader(vendor, column);
      const vector = chunk.getColumnVector(index);
      for (let row = 0; row < count; row++) vector.setItem(row, valueAt(from + row));
      vector.flush();
    }
    appender.appendDataChunk(chunk);
  }
  appender.closeSync();
}

function reader({ listValue }: Vendor, column: MemoryColumn) {
  if (!column.type.endsWith('[]')) return (row: number) => column.valueAt(row) as number;
  return (row: number) => {
    const value = column.valueAt(row);
    return value === null ? null : listValue(value as readonly number[]);
  };
}

function typeOf(vendor: Vendor, type: MemoryColumn['type']): DuckDBType {
  const { LIST } = vendor;
  const scalars: Readonly<Record<MemoryType, DuckDBType>> = {
    boolean: vendor.BOOLEAN,
    tinyint: vendor.TINYINT,
    smallint: vendor.SMALLINT,
    integer: vendor.INTEGER,
    bigint: vendor.BIGINT,
    utinyint: vendor.UTINYINT,
    usmallint: vendor.USMALLINT,
    uinteger: vendor.UINTEGER,
    ubigint: vendor.UBIGINT,
    float: vendor.FLOAT,
    double: vendor.DOUBLE,
    varchar: vendor.VARCHAR,
  };
  const scalar = scalars[type.replace('[]', '') as MemoryType];
  return type.endsWith('[]') ? LIST(scalar) : scalar;
}
