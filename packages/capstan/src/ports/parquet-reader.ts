/** A value of a Parquet file: times are ISO 8601 text, whole numbers past ±2^53 bigints, bytes `Uint8Array`. */
export type ParquetValue =
  | string
  | number
  | bigint
  | boolean
  | null
  | Uint8Array
  | readonly ParquetValue[]
  | { readonly [name: string]: ParquetValue };

/** A table as a Parquet file has it, without the index that pandas stored beside its columns. */
export interface ParquetTable {
  /** Top-level columns in the file's order, spelled as there; no name twice. */
  readonly columns: readonly string[];
  readonly rows: readonly (readonly ParquetValue[])[];
}

export interface ParquetReadOptions {
  /** Time of `performance.now()` after which nobody waits for the table. */
  readonly deadline?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Reads Parquet that anybody may have sent. Whatever the bytes are, the process that asks goes on. */
export interface ParquetReader {
  /**
   * @throws DomainError INVALID_ARGUMENT for bytes that are no readable Parquet file, TOO_LARGE for more rows or values than
   * are allowed, DEADLINE_EXCEEDED; NOT_IMPLEMENTED where it cannot be read at all; STORAGE_FULL, UNAVAILABLE
   */
  read(bytes: Uint8Array, options?: ParquetReadOptions): Promise<ParquetTable>;
  close(): Promise<void>;
}
