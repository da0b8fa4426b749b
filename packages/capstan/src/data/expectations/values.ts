import type { DatasetColumn } from '@capstan/api';
import { presentValue } from '#data/datasets';
import { quoteName } from '#ports/analytics';
import { isNumeric } from './model.ts';

/** SQL of a column's value as a number, null where it is none; undefined for types that never are. */
export function numberOf(column: DatasetColumn): string | undefined {
  if (isNumeric(column)) return `cast(${presentValue(column)} as double)`;
  return column.type === 'text' ? `try_cast(${quoteName(column.name)} as double)` : undefined;
}
