import type { MemoryType } from './analytics.ts';

/** DuckDB's type of a value of each datatype of the Open Inference Protocol. */
export const SQL_TYPES: Readonly<Record<string, MemoryType>> = {
  BOOL: 'boolean',
  INT8: 'tinyint',
  INT16: 'smallint',
  INT32: 'integer',
  INT64: 'bigint',
  UINT8: 'utinyint',
  UINT16: 'usmallint',
  UINT32: 'uinteger',
  UINT64: 'ubigint',
  FP16: 'float',
  FP32: 'float',
  FP64: 'double',
  BYTES: 'varchar',
};
