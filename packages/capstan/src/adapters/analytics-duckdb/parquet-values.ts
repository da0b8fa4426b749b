import type { DuckDBDataChunk, DuckDBType, DuckDBValueConverter } from '@duckdb/node-api';
import type { ParquetValue } from '#ports/parquet-reader';
import { cellConverter } from './cells.ts';

type Vendor = typeof import('@duckdb/node-api');

/** Bytes of decoded values that are left to take. */
export interface Allowance {
  /** @throws TooMuch */
  take(bytes: number): void;
}

export class TooMuch extends Error {}

const VALUE_BYTES = 8;

/** Reads the columns of chunks as values that a caller can be told of, each as long as the allowance lasts. */
export function valueReader(
  vendor: Vendor,
  allowance: Allowance,
): (chunk: DuckDBDataChunk, column: number, type: number) => readonly ParquetValue[] {
  const { DuckDBTypeId: id } = vendor;
  const numbers = new Set<number>([
    id.BOOLEAN,
    id.FLOAT,
    id.DOUBLE,
    id.TINYINT,
    id.SMALLINT,
    id.INTEGER,
    id.UTINYINT,
    id.USMALLINT,
    id.UINTEGER,
  ]);
  const toCell = cellConverter(vendor);

  const convert: DuckDBValueConverter<ParquetValue> = (value, type) => {
    allowance.take(VALUE_BYTES);
    if (typeof value === 'string') allowance.take(value.length);
    if (typeof value === 'bigint') return exact(value);
    if (value instanceof vendor.DuckDBBlobValue) return value.bytes;
    if (value instanceof vendor.DuckDBListValue || value instanceof vendor.DuckDBArrayValue) {
      const { valueType } = type as DuckDBType & { readonly valueType: DuckDBType };
      return value.items.map((item) => convert(item, valueType, convert));
    }
    return toCell(value, type, toCell) as ParquetValue;
  };

  return (chunk, column, type) => {
    if (!numbers.has(type)) return chunk.convertColumnValues(column, convert);
    allowance.take(chunk.rowCount * VALUE_BYTES);
    return chunk.getColumnValues(column) as ParquetValue[];
  };
}

function exact(value: bigint): number | bigint {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}
