import { isUtf8 } from 'node:buffer';
import { invalid, messageOf } from '#kernel/errors';
import type { ScoringInput } from './parse-body.ts';

/** What pandas.read_csv takes for a missing value unless told. */
const MISSING: ReadonlySet<string> = new Set(
  '|#N/A|#N/A N/A|#NA|-1.#IND|-1.#QNAN|-NaN|-nan|1.#IND|1.#QNAN|<NA>|N/A|NA|NULL|NaN|None|n/a|nan|null'.split('|'),
);

/**
 * A table from CSV with a header row, as `pandas.DataFrame.to_csv(index=False)` writes it. Values stay texts: what they
 * mean, the model's inputs say. A missing value is null, a row that is cut short ends in them.
 * @throws DomainError INVALID_ARGUMENT naming the line
 */
export async function parseCsv(bytes: Buffer): Promise<ScoringInput> {
  if (!isUtf8(bytes)) throw invalid('The body is no UTF-8 text', { field: 'body' });
  // Few callers send CSV: the reader is loaded by the first.
  const { parse } = await import('csv-parse/sync');
  let lines: string[][];
  try {
    lines = parse(bytes, { bom: true, relax_column_count: true, skip_empty_lines: true });
  } catch (cause) {
    throw invalid(`Failed to parse input as CSV: ${messageOf(cause).slice(0, 200)}`, { field: 'body', cause });
  }
  const [columns, ...rows] = lines;
  if (columns === undefined) throw invalid('The CSV is empty: a header row is needed', { field: 'body' });
  const twice = columns.find((name, index) => columns.indexOf(name) !== index);
  if (twice !== undefined) throw invalid(`The CSV has the column '${twice}' twice`, { field: twice });
  const long = rows.findIndex((row) => row.length > columns.length);
  if (long >= 0) {
    throw invalid(`Row ${long + 1} of the CSV has ${rows[long]?.length} values; there are ${columns.length} columns`, {
      field: 'body',
    });
  }
  return { kind: 'table', columns, rows: rows.map((row) => columns.map((_, index) => valueIn(row[index]))) };
}

function valueIn(text: string | undefined): string | null {
  return text === undefined || MISSING.has(text) ? null : text;
}
