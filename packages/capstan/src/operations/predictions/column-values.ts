import type { MemoryType } from '#ports/analytics';
import type { LoggedColumn } from '#ports/prediction-log';

export type LoggedValue = number | bigint | string | boolean | null;

/**
 * A value of a column as one of the engine's type. What JSON has no form for (NaN, infinities) is null, as it is where
 * callers send it; so is what another datatype of the same name makes no value of this type.
 */
export function valueIn({ data }: LoggedColumn, index: number, type: MemoryType): LoggedValue {
  const value = data?.[index] ?? null;
  if (value === null || (typeof value === 'number' && !Number.isFinite(value))) return null;
  switch (type) {
    case 'varchar':
      return String(value);
    case 'boolean':
      return Boolean(value);
    case 'bigint':
    case 'ubigint':
      // Lines of older segments have those past 2^53 as text.
      return typeof value === 'bigint' ? value : BigInt(value);
    default:
      return Number(value);
  }
}
