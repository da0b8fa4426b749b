import type { DuckDBDecimalValue, DuckDBType, DuckDBValue, DuckDBValueConverter } from '@duckdb/node-api';
import type { ColumnType } from '@capstan/api';
import type { Cell } from '#ports/analytics';

type Vendor = typeof import('@duckdb/node-api');

const families: readonly [RegExp, ColumnType][] = [
  [/^U?(TINY|SMALL|BIG|HUGE)?INT(EGER)?$/, 'integer'],
  [/^(FLOAT|DOUBLE|DECIMAL\(.*\))$/, 'number'],
  [/^(VARCHAR|UUID|ENUM\(.*\))$/, 'text'],
  [/^BOOLEAN$/, 'boolean'],
  [/^DATE$/, 'date'],
  [/^TIMESTAMP/, 'timestamp'],
  [/^TIME\b/, 'time'],
];

/** The family of a DuckDB type. */
export function columnTypeOf(storageType: string): ColumnType {
  return families.find(([pattern]) => pattern.test(storageType))?.[1] ?? 'other';
}

/** Turns DuckDB's values into cells. */
export function cellConverter(vendor: Vendor): DuckDBValueConverter<Cell> {
  const { DuckDBTypeId: id } = vendor;
  const convert: DuckDBValueConverter<Cell> = (value, type) => {
    if (value === null) return null;
    if (typeof value === 'boolean' || typeof value === 'number' || typeof value === 'string') return value;
    if (typeof value === 'bigint') return wholeNumber(value);
    if (value instanceof vendor.DuckDBListValue || value instanceof vendor.DuckDBArrayValue) {
      const { valueType } = type as DuckDBType & { readonly valueType: DuckDBType };
      return value.items.map((item) => convert(item, valueType, convert));
    }
    if (value instanceof vendor.DuckDBStructValue) {
      const { entryNames, entryTypes } = type as DuckDBType & {
        entryNames: readonly string[];
        entryTypes: readonly DuckDBType[];
      };
      return Object.fromEntries(
        entryNames.map((name, index) => [name, nested(value.entries[name], entryTypes[index], convert)]),
      );
    }
    if (value instanceof vendor.DuckDBMapValue) {
      const { keyType, valueType } = type as DuckDBType & {
        readonly keyType: DuckDBType;
        readonly valueType: DuckDBType;
      };
      return value.entries.map((entry) => ({
        key: convert(entry.key, keyType, convert),
        value: convert(entry.value, valueType, convert),
      }));
    }
    if (value instanceof vendor.DuckDBBlobValue) return Buffer.from(value.bytes).toString('hex');
    if (type.typeId === id.DECIMAL) return (value as DuckDBDecimalValue).toDouble();
    return isInstant(type, vendor) ? isoText(String(value)) : String(value);
  };
  return convert;
}

function nested(
  value: DuckDBValue | undefined,
  type: DuckDBType | undefined,
  convert: DuckDBValueConverter<Cell>,
): Cell {
  return value === undefined || type === undefined ? null : convert(value, type, convert);
}

function wholeNumber(value: bigint): number | string {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : String(value);
}

function isInstant(type: DuckDBType, { DuckDBTypeId: id }: Vendor): boolean {
  return [id.TIMESTAMP, id.TIMESTAMP_TZ, id.TIMESTAMP_S, id.TIMESTAMP_MS, id.TIMESTAMP_NS].includes(type.typeId);
}

/** DuckDB writes `2013-01-01 10:00:00+00`, without the zone where the column has none: those are UTC by our word. */
function isoText(text: string): string {
  const matched = /^(\S+) (\d{2}:\d{2}:\d{2}(?:\.\d+)?)/.exec(text);
  return matched ? `${matched[1]}T${matched[2]}Z` : text;
}
