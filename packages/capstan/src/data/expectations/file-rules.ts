import type { DatasetColumn, ExpectationResult } from '@capstan/api';
import type { LocalFile } from '#data/datasets';
import { builtIn, countText, failed, passed } from './model.ts';

/** Every file has every column: what one lacks would silently be missing in all its rows. */
export function sameColumns(
  files: readonly LocalFile[],
  columns: readonly DatasetColumn[],
  rows: number,
): ExpectationResult[] {
  const expected = 'in every file';
  const gaps = columns.flatMap(({ name }) => {
    const without = files.filter((file) => !file.columns.some((column) => column.name === name));
    return without.length === 0 ? [] : [{ name, without }];
  });
  if (gaps.length === 0)
    return [
      passed(builtIn('same_columns', null, expected), `${columns.length} columns in each of ${files.length} files`),
    ];
  return gaps.map(({ name, without }) => {
    const missing = without.reduce((total, file) => total + file.rows, 0);
    const names = without
      .slice(0, 5)
      .map((file) => file.place)
      .join(', ');
    const more = without.length > 5 ? ` and ${without.length - 5} more` : '';
    const observed = `not in ${names}${more}: ${countText(missing, rows)}`;
    return failed(builtIn('same_columns', name, expected), observed, { failedRows: missing, examples: [] });
  });
}

/** A column is of one kind in all Parquet files; CSV has no types of its own, so that each file may look like another. */
export function sameTypes(files: readonly LocalFile[], columns: readonly DatasetColumn[]): ExpectationResult[] {
  if (files.some((file) => file.format !== 'parquet')) return [];
  return columns.flatMap(({ name }) => {
    const kinds = new Map<string, LocalFile>();
    for (const file of files) {
      const type = file.columns.find((column) => column.name === name)?.type;
      if (type !== undefined && !kinds.has(kindOf(type))) kinds.set(kindOf(type), file);
    }
    if (kinds.size < 2) return [];
    const observed = [...kinds].map(([kind, file]) => `${kind} in ${file.place}`).join(', ');
    return [failed(builtIn('same_types', name, 'one kind of value in all files'), observed)];
  });
}

/** Whole and other numbers go together. */
function kindOf(type: DatasetColumn['type']): string {
  return type === 'integer' ? 'number' : type;
}
