import type { ColumnValue, InsertColumn } from './dialect.ts';

/**
 * A column of rows as PostgreSQL writes an array. `pg` does this too, but looks at each value as if it could be anything,
 * which costs more than all else of a large insert.
 * Source: PostgreSQL's documentation, 8.15.6 "Array Input and Output Syntax".
 */
export function arrayText(
  type: InsertColumn['type'],
  rows: readonly (readonly ColumnValue[])[],
  column: number,
): string {
  const isNumber = type === 'integer' || type === 'double';
  let text = '';
  for (const row of rows) {
    const value = row[column] ?? null;
    if (text !== '') text += ',';
    if (value === null) text += 'NULL';
    else if (isNumber) text += String(value);
    else text += value instanceof Uint8Array ? bytesText(value) : quoted(String(value));
  }
  return `{${text}}`;
}

const mustBeEscaped = /["\\]/;

function quoted(value: string): string {
  return mustBeEscaped.test(value) ? `"${value.replace(/["\\]/g, String.raw`\$&`)}"` : `"${value}"`;
}

function bytesText(bytes: Uint8Array): string {
  return String.raw`"\\x${Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('hex')}"`;
}
