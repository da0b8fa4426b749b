import type { ColumnType } from '@capstan/api';

export type DataFormat = 'parquet' | 'csv' | 'ndjson';

/** A local file to read, in most cases given by `BlobStore.localFile`. */
export interface DataFile {
  /** Absolute. */
  readonly path: string;
  readonly format: DataFormat;
  /** What messages call it instead of its path, e.g. `flights/2013-01.parquet`. */
  readonly label: string;
  /**
   * Of an `ndjson` file that somebody knows: its columns, and nothing is guessed. Otherwise they come from its rows, and a
   * text that looks like a date is taken for one.
   */
  readonly jsonTypes?: Readonly<Record<string, 'boolean' | 'double' | 'varchar'>>;
}

/** The engine's types that a column in memory may have; `T[]` is a list of them. */
export type MemoryType =
  | 'boolean'
  | 'tinyint'
  | 'smallint'
  | 'integer'
  | 'bigint'
  | 'utinyint'
  | 'usmallint'
  | 'uinteger'
  | 'ubigint'
  | 'float'
  | 'double'
  | 'varchar';

type MemoryValue = number | bigint | string | boolean | null;

/** A column that somebody has in memory. `bigint` and `ubigint` are bigints. */
export interface MemoryColumn {
  readonly name: string;
  readonly type: MemoryType | `${MemoryType}[]`;
  valueAt(row: number): MemoryValue | readonly MemoryValue[];
}

/** A table that somebody has in memory, by columns. */
export interface MemoryTable {
  readonly rows: number;
  readonly columns: readonly MemoryColumn[];
}

export interface DataColumn {
  readonly name: string;
  readonly type: ColumnType;
  /** The engine's own name of the type: `TIMESTAMP WITH TIME ZONE`. */
  readonly storageType: string;
}

export interface DataFacts {
  readonly columns: readonly DataColumn[];
  readonly rows: number;
}

/**
 * A value as the engine gives it: instants are ISO 8601 text in UTC, dates `YYYY-MM-DD`, whole numbers beyond ±2^53
 * text, bytes lower-case hex. Floating-point columns may hold NaN and infinities.
 */
export type Cell = string | number | boolean | null | readonly Cell[] | { readonly [name: string]: Cell };

export type DataRow = { readonly [column: string]: Cell };

/**
 * A question in the engine's SQL (DuckDB's) about tables made of files. Only these files can be read.
 *
 * Files of one table are read as one, columns matched by name; a column that a file lacks is null there. Every table `t`
 * has a twin `t_rows` with two columns more: `capstan_file` (index into the table's files, from 0) and `capstan_row`
 * (number of the row in its file, from 1).
 */
export interface DataQuestion {
  readonly tables: Readonly<Record<string, readonly DataFile[]>>;
  /** Tables beside them, by names that no other has. They have no twins. */
  readonly memory?: Readonly<Record<string, MemoryTable>>;
  /** One `select`. Values go into `parameters`, names through `quoteName`; nothing else from outside into the text. */
  readonly sql: string;
  /** Values of `$name` in the text. */
  readonly parameters?: Readonly<Record<string, string | number | boolean | null>>;
  readonly signal?: AbortSignal;
}

/** Rows that come one after another out of an answer, by columns. */
export interface DataPortion {
  readonly rows: number;
  readonly columns: Readonly<Record<string, readonly Cell[]>>;
}

export interface DataTarget {
  /** Absolute; must not exist. Whole or absent afterwards. */
  readonly path: string;
  readonly format: DataFormat;
}

/**
 * Column scans over local files. Contract: ports/analytics.contract.ts.
 *
 * All methods throw DomainError INVALID_ARGUMENT when a file cannot be read as what it is said to be, naming its label and
 * the reason; RESOURCE_EXHAUSTED when memory does not suffice; STORAGE_FULL when the disk does not; and the reason of
 * `signal` when that is aborted.
 */
export interface Analytics {
  /** Columns and number of rows of one file. Reads a CSV file whole, of a Parquet file only what describes it. */
  inspect(file: DataFile, signal?: AbortSignal): Promise<DataFacts>;
  /** Columns of a table made of these files, before any of their values is read. */
  columnsOf(files: readonly DataFile[], signal?: AbortSignal): Promise<readonly DataColumn[]>;
  /** Columns of the answer, before any of its values is computed. */
  columnsOfAnswer(question: DataQuestion): Promise<readonly DataColumn[]>;
  /** All rows of the answer, in memory. */
  query(question: DataQuestion): Promise<DataRow[]>;
  /** All rows of the answer by columns: a tenth of the memory of rows, for feeding models. */
  queryColumns(question: DataQuestion): Promise<Record<string, Cell[]>>;
  /**
   * The rows of the answer in their order, so many at a time (the last portion may have fewer): only those in hand are in
   * memory. It is at most one portion ahead of whoever reads.
   */
  portions(question: DataQuestion, rows: number): AsyncIterable<DataPortion>;
  /**
   * Writes the answer as one file; the same rows in the same order give the same bytes. Order them in full. Lines of JSON have
   * null for NaN and infinities.
   * Returns the number of rows.
   */
  write(question: DataQuestion, target: DataTarget): Promise<number>;
}

/** A name of a table or column as it stands in SQL. */
export function quoteName(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** A text as it stands in SQL. Prefer parameters; this is for where none can stand, e.g. lists of constants. */
export function quoteText(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

/** The format that a file's name says, or undefined. */
export function dataFormatOf(path: string): DataFormat | undefined {
  const extension = /\.(parquet|csv|ndjson)$/.exec(path.toLowerCase())?.[1];
  return extension as DataFormat | undefined;
}
