import { invalid } from '#kernel/errors';
import { quoteName, type GivenColumn } from '#ports/analytics';
import type { Session } from './session.ts';

/** Rows of a chunk, as the engine has them. */
const CHUNK_ROWS = 2_048;

/** A table of values in hand. @throws DomainError INVALID_ARGUMENT for columns of several lengths */
export async function fillTable(
  { connection, vendor }: Session,
  table: string,
  columns: readonly GivenColumn[],
): Promise<void> {
  const rows = columns[0]?.values.length ?? 0;
  const odd = columns.find(({ values }) => values.length !== rows);
  if (odd) throw invalid(`The column ${odd.name} has ${odd.values.length} values, not ${rows}`, { field: odd.name });
  const declared = columns.map(({ name, type }) => `${quoteName(name)} ${type}`).join(', ');
  await connection.run(`create temp table ${quoteName(table)} (${declared})`);
  const types = columns.map(({ type }) => vendor[type]);
  const appender = await connection.createAppender(table);
  try {
    for (let from = 0; from < rows; from += CHUNK_ROWS) {
      const count = Math.min(CHUNK_ROWS, rows - from);
      const chunk = vendor.DuckDBDataChunk.create(types, count);
      for (const [index, { values }] of columns.entries()) {
        const part: (number | bigint | string | boolean | null)[] = [];
        for (let at = 0; at < count; at++) part.push(values[from + at] ?? null);
        chunk.setColumnValues(index, part);
      }
      appender.appendDataChunk(chunk);
    }
  } finally {
    appender.closeSync();
  }
}
