import type { DatasetColumn, DatasetFile } from '@capstan/api';
import { quoteName } from '#ports/analytics';
import type { DatasetsDeps } from './deps.ts';
import { localData } from './local-files.ts';
import { formatOf, type FileScan } from './model.ts';
import { instantOf } from './values.ts';
import * as store from './file-scans.store.ts';

export interface ScanRequest {
  readonly dataset: string;
  readonly files: readonly DatasetFile[];
  readonly columns: readonly DatasetColumn[];
  readonly eventTimeColumn: string | null;
  readonly signal?: AbortSignal | undefined;
}

const FILES_PER_SCAN = 100;

/**
 * Scans of files, by digest. A file is read once in its life, every value of it: the next version that has it knows what
 * is in it, so that a snapshot which grows costs what was added.
 * @throws DomainError INVALID_ARGUMENT when a file's content is damaged
 */
export async function scanFiles(deps: DatasetsDeps, request: ScanRequest): Promise<Map<string, FileScan>> {
  const format = formatOf(request.files);
  const column = timeColumnOf(request);
  const key = { format, timeColumn: column ?? '' };
  const scans = await store.fileScans(
    deps.database.read,
    request.files.map(({ digest }) => digest),
    key,
  );
  const unread = request.files.filter(({ digest }) => !scans.has(digest));
  for (let start = 0; start < unread.length; start += FILES_PER_SCAN) {
    const portion = unread.slice(start, start + FILES_PER_SCAN);
    const found = await readWhole(deps, { ...request, files: portion }, column);
    await deps.database.write((writer) => store.rememberScans(writer, found, key));
    for (const [digest, scan] of found) scans.set(digest, scan);
  }
  return scans;
}

/** The column of event time where it holds instants; what else it may hold is a finding of the check. */
function timeColumnOf({ columns, eventTimeColumn }: ScanRequest): string | undefined {
  const column = columns.find(({ name }) => name === eventTimeColumn);
  return column?.type === 'timestamp' || column?.type === 'date' ? column.name : undefined;
}

async function readWhole(
  deps: DatasetsDeps,
  { dataset, files, columns, signal }: ScanRequest,
  timeColumn: string | undefined,
): Promise<Map<string, FileScan>> {
  // Hashes of all values: a count would be answered from what the file says of itself, without reading it.
  const values = columns.map(({ name }) => quoteName(name)).join(', ');
  const instant = timeColumn === undefined ? 'cast(null as bigint)' : instantOf(timeColumn);
  const rows = await deps.analytics.query({
    tables: { data: await localData(deps.blobs, dataset, files) },
    sql: `select capstan_file as file, min(${instant}) as low, max(${instant}) as high,
                 count(*) - count(${instant}) as untimed, cast(bit_xor(hash(${values})) as varchar) as everything
            from data_rows group by capstan_file`,
    ...(signal && { signal }),
  });
  const byFile = new Map(rows.map((row) => [Number(row['file']), row]));
  return new Map(
    files.map(({ digest }, index) => {
      const { low, high, untimed } = byFile.get(index) ?? {};
      const eventTime = typeof low === 'number' && typeof high === 'number' ? { min: low, max: high } : null;
      return [digest, { eventTime, untimedRows: Number(untimed ?? 0) }];
    }),
  );
}
