import { isUtf8 } from 'node:buffer';
import { invalid } from '#kernel/errors';
import { parseLongJson } from '#kernel/long-json';

/** Values by the name of the column. */
export type Row = Readonly<Record<string, unknown>>;

/**
 * Parses `{"rows": [{column: value}, …]}`, or one row by itself. For a model with an input called `rows` the first form is
 * told by its objects. Integers that a double cannot hold are bigints. @throws DomainError INVALID_ARGUMENT
 */
export function parseRows(bytes: Buffer, columns: readonly string[]): readonly Row[] {
  if (!isUtf8(bytes)) throw invalid('The body is no UTF-8 text', { field: 'body' });
  const body = parseLongJson(bytes.toString('utf8'));
  if (!isRow(body)) {
    throw invalid('The body is not a JSON object', {
      field: 'body',
      hint: 'Send {"rows": [{column: value, ...}, ...]}, or one row as an object.',
    });
  }
  if (!Object.hasOwn(body, 'rows')) return [body];
  const { rows } = body;
  if (columns.includes('rows') && !(Array.isArray(rows) && rows.length > 0 && rows.every(isRow))) return [body];
  const beside = Object.keys(body).find((name) => name !== 'rows');
  if (beside !== undefined) throw invalid(`'${beside}' stands beside the rows`, { field: beside });
  if (!Array.isArray(rows) || rows.length === 0) throw invalid('rows is not a list of rows', { field: 'rows' });
  const wrong = rows.findIndex((row) => !isRow(row));
  if (wrong >= 0) throw invalid(`rows[${wrong}] is not an object of values by column`, { field: `rows[${wrong}]` });
  return rows as readonly Row[];
}

function isRow(value: unknown): value is Row {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
