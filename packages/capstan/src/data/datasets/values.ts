import type { DatasetColumn, ShownValue } from '@capstan/api';
import { quoteName, type Cell } from '#ports/analytics';

// Values of columns: the SQL that reads them, and cells as they are stored and shown.

const MAX_SHOWN_CHARACTERS = 200;

/** SQL of a column's value, null where there is none: NaN is how many programs write a missing number. */
export function presentValue({ name, type, storageType }: DatasetColumn): string {
  const value = quoteName(name);
  if (type === 'other') return `cast(${value} as varchar)`;
  return /^(FLOAT|DOUBLE)$/.test(storageType) ? `case when isnan(${value}) then null else ${value} end` : value;
}

/** SQL of the number a histogram or mean is taken of: the value, or milliseconds since 1970; infinities are left out. */
export function axisOf(column: DatasetColumn): string | undefined {
  const value = quoteName(column.name);
  if (column.type === 'integer' || column.type === 'number')
    return `case when isfinite(cast(${value} as double)) then cast(${value} as double) end`;
  if (column.type === 'timestamp' || column.type === 'date') return `cast(${instantOf(column.name)} as double)`;
  return undefined;
}

/** SQL of an instant in milliseconds since 1970; instants without a zone and dates are UTC. */
export function instantOf(name: string): string {
  return `epoch_ms(cast(${quoteName(name)} as timestamp))`;
}

export function shownValue(column: DatasetColumn): string {
  return column.type === 'text'
    ? `left(cast(${quoteName(column.name)} as varchar), ${MAX_SHOWN_CHARACTERS})`
    : presentValue(column);
}

/** A cell as it can be stored and shown. */
export function toShown(cell: Cell | undefined): ShownValue {
  if (cell === undefined || cell === null) return null;
  if (typeof cell === 'number') return Number.isFinite(cell) ? cell : String(cell);
  return typeof cell === 'object' ? JSON.stringify(cell) : cell;
}
