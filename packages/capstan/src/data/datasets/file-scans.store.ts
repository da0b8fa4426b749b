import type { Reader, Writer } from '#database';
import type { DataFormat } from '#ports/analytics';
import type { FileScan } from './model.ts';

interface ScanKey {
  readonly format: DataFormat;
  /** Empty: none. */
  readonly timeColumn: string;
}

/** Scans that were made of these files, by digest. */
export async function fileScans(
  reader: Reader,
  digests: readonly string[],
  { format, timeColumn }: ScanKey,
): Promise<Map<string, FileScan>> {
  const found = new Map<string, FileScan>();
  for (let start = 0; start < digests.length; start += 500) {
    const rows = await reader
      .selectFrom('data_file_scans')
      .selectAll()
      .where('digest', 'in', digests.slice(start, start + 500))
      .where('format', '=', format)
      .where('time_column', '=', timeColumn)
      .execute();
    for (const { digest, time_min: min, time_max: max, untimed_rows: untimedRows } of rows) {
      found.set(digest, { eventTime: min === null || max === null ? null : { min, max }, untimedRows });
    }
  }
  return found;
}

export async function rememberScans(
  writer: Writer,
  scans: ReadonlyMap<string, FileScan>,
  { format, timeColumn }: ScanKey,
): Promise<void> {
  const rows = [...scans].map(([digest, { eventTime, untimedRows }]) => ({
    digest,
    format,
    time_column: timeColumn,
    time_min: eventTime?.min ?? null,
    time_max: eventTime?.max ?? null,
    untimed_rows: untimedRows,
  }));
  await writer
    .insertInto('data_file_scans')
    .values(rows)
    .onConflict((conflict) => conflict.doNothing())
    .execute();
}
