import { invalid } from '#kernel/errors';
import { quoteName, quoteText, type DataFile } from '#ports/analytics';

/** CSV as RFC 4180 has it, with a header; types come from all rows, so that they do not depend on the first ones. */
const CSV_OPTIONS = `header = true, delim = ',', quote = '"', escape = '"', comment = '', sample_size = -1`;

/**
 * `create view` statements for a table of files and, where `sql` speaks of it, for its twin that says where each row stands:
 * each view has the engine look into every file.
 */
export function viewStatements(table: string, files: readonly DataFile[], sql: string): string[] {
  const format = commonFormat(table, files);
  const [plain, placed] = format === 'parquet' ? parquetSources(files) : textSources(files);
  const twin = `${table}_rows`;
  const statements = [`create view ${quoteName(table)} as ${plain}`];
  // Names are found in any case, as the engine does.
  if (sql.toLowerCase().includes(twin.toLowerCase())) statements.push(`create view ${quoteName(twin)} as ${placed}`);
  return statements;
}

function parquetSources(files: readonly DataFile[]): [string, string] {
  const paths = files.map((file) => quoteText(file.path)).join(', ');
  const source = `from read_parquet([${paths}], union_by_name = true)`;
  return [`select * ${source}`, `select *, file_index as capstan_file, file_row_number + 1 as capstan_row ${source}`];
}

/** Text formats do not number their rows: each file is read by itself, in its own order, and counted. */
function textSources(files: readonly DataFile[]): [string, string] {
  const sources = files.map((file) =>
    file.format === 'csv' ? `read_csv(${quoteText(file.path)}, ${CSV_OPTIONS})` : jsonSource(file),
  );
  const placed = sources.map(
    (source, index) => `select *, ${index} as capstan_file, row_number() over () as capstan_row from ${source}`,
  );
  return [sources.map((source) => `select * from ${source}`).join(UNION), placed.join(UNION)];
}

function jsonSource({ path, jsonTypes }: DataFile): string {
  if (!jsonTypes) return `read_ndjson(${quoteText(path)})`;
  const types = Object.entries(jsonTypes).map(([name, type]) => `${quoteText(name)}: ${quoteText(type)}`);
  return `read_ndjson(${quoteText(path)}, columns = {${types.join(', ')}})`;
}

const UNION = ' union all by name ';

function commonFormat(table: string, files: readonly DataFile[]): DataFile['format'] {
  const formats = new Set(files.map((file) => file.format));
  const [format] = formats;
  if (format !== undefined && formats.size === 1) return format;
  throw invalid(`The table ${table} needs files of one format, not ${[...formats].join(' and ') || 'none'}`, {
    field: table,
    hint: 'Convert them to one format first.',
  });
}
