import type { DatasetVersion, ShownValue } from '@capstan/api';
import { quoteName } from '#ports/analytics';
import type { DatasetsDeps } from './deps.ts';
import { localFiles } from './local-files.ts';
import { toShown } from './values.ts';

export interface PreviewRow {
  readonly file: string;
  /** In its file, from 1. */
  readonly row: number;
  /** In the order of the version's columns. */
  readonly values: readonly ShownValue[];
}

const MAX_SHOWN_CHARACTERS = 500;

/** Rows as they stand in the files, for people to look at: of a version in quarantine, too. @throws DomainError */
export async function previewRows(
  deps: DatasetsDeps,
  version: DatasetVersion,
  { offset, limit, signal }: { offset: number; limit: number; signal?: AbortSignal },
): Promise<PreviewRow[]> {
  const files = await localFiles(deps, version);
  const rows: PreviewRow[] = [];
  let start = 0;
  // Only files that hold a row of the page are opened, and a file is read from its first row on.
  for (const file of files) {
    const [from, end] = [Math.max(0, offset - start), offset + limit - start];
    start += file.rows;
    if (from >= file.rows || end <= 0) continue;
    const names = version.columns.map(({ name }, index) =>
      file.columns.some((column) => column.name === name) ? `${quoteName(name)} as c${index}` : `null as c${index}`,
    );
    const found = await deps.analytics.query({
      tables: { data: [file] },
      sql: `select capstan_row as place, ${names.join(', ')} from data_rows
             where capstan_row > $from and capstan_row <= $end order by place`,
      parameters: { from, end: Math.min(end, file.rows) },
      ...(signal && { signal }),
    });
    for (const row of found) {
      const values = version.columns.map((_, index) => shorten(toShown(row[`c${index}`])));
      rows.push({ file: file.place, row: Number(row['place']), values });
    }
  }
  return rows;
}

export function shorten(value: ShownValue): ShownValue {
  return typeof value === 'string' && value.length > MAX_SHOWN_CHARACTERS
    ? `${value.slice(0, MAX_SHOWN_CHARACTERS)}…`
    : value;
}
