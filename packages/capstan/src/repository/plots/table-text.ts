import type { Datapoint } from './model.ts';

/**
 * Rows of a table in text (RFC 4180): cells divided by the delimiter, quoted ones with it and line ends inside. Cells stay
 * text, as in DVC. Rows without any cell are left out; cells beyond the header, too.
 * @param hasHeader false: columns are called by their number, from 0
 */
export function readTable(text: string, delimiter: ',' | '\t', hasHeader: boolean): Datapoint[] {
  const rows = rowsOf(text.replace(/^\ufeff/, ''), delimiter);
  const header = hasHeader ? rows.shift() : rows[0]?.map((_, column) => String(column));
  if (!header) return [];
  return rows.map((row) => new Map(header.map((name, column) => [name, row[column] ?? null])));
}

function rowsOf(text: string, delimiter: string): string[][] {
  const rows: string[][] = [];
  let row: string[] = [];
  const endRow = (): void => {
    if (row.length > 1 || row[0] !== '') rows.push(row);
    row = [];
  };
  const plainEnd = delimiter === ',' ? /[,\r\n]/g : /[\t\r\n]/g;
  for (let at = 0; at <= text.length;) {
    const { cell, end } = text[at] === '"' ? quotedCell(text, at, plainEnd) : plainCell(text, at, plainEnd);
    row.push(cell);
    const sign = text[end];
    at = end + 1;
    if (sign === delimiter) continue;
    if (sign === '\r' && text[at] === '\n') at++;
    endRow();
  }
  return rows;
}

interface Cell {
  readonly cell: string;
  /** Of the sign behind it. */
  readonly end: number;
}

function plainCell(text: string, at: number, plainEnd: RegExp): Cell {
  plainEnd.lastIndex = at;
  const end = plainEnd.exec(text)?.index ?? text.length;
  return { cell: text.slice(at, end), end };
}

/** A quote in it is written twice; what follows the closing one counts as well. */
function quotedCell(text: string, at: number, plainEnd: RegExp): Cell {
  let cell = '';
  let from = at + 1;
  for (;;) {
    const quote = text.indexOf('"', from);
    if (quote < 0) return { cell: cell + text.slice(from), end: text.length };
    cell += text.slice(from, quote);
    if (text[quote + 1] !== '"') {
      const rest = plainCell(text, quote + 1, plainEnd);
      return { cell: cell + rest.cell, end: rest.end };
    }
    cell += '"';
    from = quote + 2;
  }
}
