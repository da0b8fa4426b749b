import type { Cell, DataColumn } from '#ports/analytics';
import type { CellColumns } from '#ports/cell-tensors';
import type { TensorDatatype, TensorSpec } from '#ports/model-runtime';

/** How the texts of columns are read: as JSON, or as what a model takes. */
export type UntypedColumns = ReadonlyMap<string, TensorDatatype | 'JSON'>;

const NUMBER = /^[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?$/i;
const WHOLE = /^[-+]?\d+$/;

/**
 * Columns whose cells do not have their type. CSV says none, and one word makes a column of numbers one of texts: then each is
 * read as what the model takes, so that the row with the word is to blame and no other. Lines of JSON make it one of JSON.
 * @param hasTypes whether texts are texts
 */
export function untypedColumns(
  specs: readonly TensorSpec[],
  sources: ReadonlyMap<string, readonly string[]>,
  columns: readonly DataColumn[],
  hasTypes: boolean,
): UntypedColumns {
  const json = columns.filter(({ storageType }) => storageType === 'JSON').map(({ name }) => [name, 'JSON'] as const);
  const texts = new Set(hasTypes ? [] : columns.filter(({ type }) => type === 'text').map(({ name }) => name));
  const taken = specs.flatMap(({ name, datatype }) =>
    (sources.get(name) ?? []).map((column) => [column, datatype] as const),
  );
  // One that is also taken as text stays it.
  for (const [column, datatype] of taken) if (datatype === 'BYTES') texts.delete(column);
  return new Map<string, TensorDatatype | 'JSON'>([...taken.filter(([column]) => texts.has(column)), ...json]);
}

/** The cells with texts read as values; what cannot be read stays as it is, and is refused as that. */
export function withValues(columns: CellColumns, untyped: UntypedColumns): CellColumns {
  if (untyped.size === 0) return columns;
  const read = [...untyped].flatMap(([name, as]) => {
    const cells = columns[name];
    return cells ? [[name, cells.map((cell) => (typeof cell === 'string' ? valueOf(cell, as) : cell))]] : [];
  });
  return { ...columns, ...(Object.fromEntries(read) as CellColumns) };
}

function valueOf(text: string, as: TensorDatatype | 'JSON'): Cell {
  if (as === 'JSON') return JSON.parse(text) as Cell;
  const word = text.trim();
  if (as === 'BOOL') return /^(true|false)$/i.test(word) ? word.toLowerCase() === 'true' : text;
  // Whole numbers beyond 2^53 are texts, as the engine gives them.
  if (as.endsWith('INT64') && WHOLE.test(word)) return Number.isSafeInteger(Number(word)) ? Number(word) : word;
  return NUMBER.test(word) ? Number(word) : text;
}
