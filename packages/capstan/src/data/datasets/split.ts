import { createReadStream } from 'node:fs';
import { Readable } from 'node:stream';
import type { DatasetFile, DatasetQuarantine, DatasetVersion } from '@capstan/api';
import { invalid } from '#kernel/errors';
import { quoteName, quoteText, type DataFile } from '#ports/analytics';
import type { Blob } from '#ports/blob-store';
import { withoutRecords } from './csv-records.ts';
import type { DatasetsDeps } from './deps.ts';
import { columnsOfFiles, factsOf } from './file-columns.ts';
import { localFiles } from './local-files.ts';
import { contentDigest, formatOf, ruleName, type LocalFile, type RowCondition, type Split } from './model.ts';
import { scan } from './scan.ts';
import { inTemporaryFile, keepWritten } from './written-files.ts';

/** Columns of a file of rows that were put aside, after those of the version. */
export const QUARANTINE_COLUMNS = {
  file: 'capstan_source_file',
  row: 'capstan_source_row',
  rules: 'capstan_failed_rules',
} as const;

const PLACED = 'capstan_file, capstan_row';

/**
 * Parts the rows of a pending version: those that meet no condition stay, in their files and their order, and the others go
 * to one file with the place they came from and what they broke. A file without such a row stays as it is, byte for byte.
 * Undefined where more than `mostRows` would go, or all. The same version and conditions give the same bytes.
 * @throws DomainError INVALID_ARGUMENT when its content is damaged or can be written in none of the formats
 */
export async function splitRows(
  deps: DatasetsDeps,
  version: DatasetVersion,
  {
    conditions,
    mostRows,
    signal,
  }: { conditions: readonly RowCondition[]; mostRows: number; signal?: AbortSignal | undefined },
): Promise<{ readonly split: Split | undefined; readonly quarantinedRows: number }> {
  const format = formatOf(version.files);
  if (format === 'ndjson') throw invalid('Rows can be put aside in Parquet and CSV files only', { field: 'files' });
  const files = await localFiles(deps, version);
  return await inTemporaryFile(deps, 'parquet', async (path) => {
    const question = { ...statementOf(version, files, conditions), ...(signal && { signal }) };
    const rows = await deps.analytics.write(question, { path, format: 'parquet' });
    if (rows === 0 || rows > mostRows || rows >= version.rows) return { split: undefined, quarantinedRows: rows };
    const aside: DataFile = { path, format: 'parquet', label: `rows put aside of ${version.dataset}` };
    const parquet = await keepWritten(deps, path);
    const csv = await writeCsv(deps, aside, signal);
    const { byFile, byRule } = await countsOf(deps, aside, signal);
    const kept: DatasetFile[] = [];
    for (const [index, file] of version.files.entries()) {
      const lost = byFile.get(file.path) ?? 0;
      if (lost === 0) kept.push(file);
      if (lost === 0 || lost === file.rows) continue;
      const { written, facts } = await keepOthers(deps, files[index] as LocalFile, aside, signal);
      if (facts.rows !== file.rows - lost)
        throw invalid(`${file.path} cannot be parted into rows as it is read`, {
          field: file.path,
          hint: 'Use Parquet.',
        });
      kept.push({ path: file.path, ...written, rows: facts.rows });
    }
    const content = {
      files: kept,
      columns: [...(await columnsOfFiles(deps, version.dataset, kept))],
      digest: contentDigest(kept),
      rows: kept.reduce((total, file) => total + file.rows, 0),
      sizeBytes: kept.reduce((total, file) => total + file.sizeBytes, 0),
      fileCount: kept.length,
    };
    const { digest, rows: registeredRows, sizeBytes, columns } = version;
    const quarantine: DatasetQuarantine = {
      rows,
      rules: conditions.flatMap((condition) => {
        const { rule, column, expected } = condition;
        const broken = byRule.get(ruleName(condition)) ?? 0;
        return broken === 0 ? [] : [{ rule, column, expected, rows: broken }];
      }),
      registered: { digest, rows: registeredRows, sizeBytes, files: version.files, columns },
      parquet,
      csv,
    };
    const profiled = await scan(deps, { ...version, ...content }, signal);
    return { split: { content, quarantine, profiled }, quarantinedRows: rows };
  });
}

/** Rows that meet a condition, in the order of files and rows. All conditions are judged in one scan. */
function statementOf(version: DatasetVersion, files: readonly LocalFile[], conditions: readonly RowCondition[]) {
  const labels = conditions.map(
    (condition) => `case when ${condition.violation} then ${quoteText(ruleName(condition))} end`,
  );
  const names = version.columns.map(({ name }) => quoteName(name)).join(', ');
  const places = files.map(({ place }) => quoteText(place)).join(', ');
  return {
    tables: Object.assign({ data: files }, ...conditions.map(({ tables }) => tables ?? {})) as Record<
      string,
      DataFile[]
    >,
    sql: `select ${names},
        ([${places}])[cast(capstan_file as bigint) + 1] as ${QUARANTINE_COLUMNS.file},
        cast(capstan_row as bigint) as ${QUARANTINE_COLUMNS.row},
        capstan_labels as ${QUARANTINE_COLUMNS.rules}
      from (select *, list_filter([${labels.join(',\n')}], lambda capstan_label: capstan_label is not null) as capstan_labels from data_rows)
      where len(capstan_labels) > 0 order by ${PLACED}`,
  };
}

/** A file without the rows that were put aside. Records of CSV stay as they are written. */
async function keepOthers(deps: DatasetsDeps, local: LocalFile, aside: DataFile, signal: AbortSignal | undefined) {
  const { place, format, label } = local;
  const { file, row } = QUARANTINE_COLUMNS;
  const lost = `select ${row} from aside where ${file} = $place`;
  const question = { parameters: { place }, ...(signal && { signal }) };
  if (format === 'csv') {
    const sql = `${lost} order by ${row}`;
    const { [row]: records = [] } = await deps.analytics.queryColumns({ ...question, tables: { aside: [aside] }, sql });
    const leftOut = { records: records.map(Number), isEmptyLineRow: local.columns.length === 1 };
    const written = await deps.blobs.put(Readable.from(withoutRecords(createReadStream(local.path), leftOut)));
    return { written, facts: await factsOf(deps, label, written, format) };
  }
  return await inTemporaryFile(deps, 'parquet', async (path) => {
    const sql = `select * exclude (${PLACED}) from data_rows where capstan_row not in (${lost}) order by capstan_row`;
    const tables = { data: [local], aside: [aside] };
    await deps.analytics.write({ ...question, tables, sql }, { path, format: 'parquet' });
    const written = await keepWritten(deps, path);
    return { written, facts: await factsOf(deps, label, written, format) };
  });
}

/** The same rows for a spreadsheet: rules as one text. */
async function writeCsv(deps: DatasetsDeps, aside: DataFile, signal: AbortSignal | undefined): Promise<Blob> {
  return await inTemporaryFile(deps, 'csv', async (path) => {
    const { rules } = QUARANTINE_COLUMNS;
    const sql = `select * exclude (${PLACED}) replace (array_to_string(${rules}, '; ') as ${rules}) from aside_rows order by capstan_row`;
    await deps.analytics.write({ tables: { aside: [aside] }, sql, ...(signal && { signal }) }, { path, format: 'csv' });
    return await keepWritten(deps, path);
  });
}

async function countsOf(deps: DatasetsDeps, aside: DataFile, signal: AbortSignal | undefined) {
  const ask = async (key: string) => {
    const sql = `select key, count(*) as rows from (select ${key} as key from aside) group by key`;
    const rows = await deps.analytics.query({ tables: { aside: [aside] }, sql, ...(signal && { signal }) });
    return new Map(rows.map(({ key: name, rows: count }) => [name as string, Number(count)]));
  };
  const { file, rules } = QUARANTINE_COLUMNS;
  return { byFile: await ask(file), byRule: await ask(`unnest(${rules})`) };
}
