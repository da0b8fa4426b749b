import type { ParamValue } from '#kernel/pipeline-definition';

/** A value as a number, where it is one or its text is; NaN otherwise. Cells of tables are text. */
export function numberOf(value: ParamValue): number {
  switch (typeof value) {
    case 'number':
      return value;
    case 'bigint':
    case 'boolean':
      return Number(value);
    case 'string':
      return value.trim() === '' ? Number.NaN : Number(value);
    default:
      return Number.NaN;
  }
}

/** A value as a name. */
export function nameOfValue(value: ParamValue): string {
  return typeof value === 'object' && value !== null ? JSON.stringify([...value.values()]) : String(value);
}

/** Names in the order in which people count them: numbers by size, then text. */
export function sortedNames(values: Iterable<ParamValue>): string[] {
  const names = [...new Set([...values].map(nameOfValue))];
  const areNumbers = names.every((name) => Number.isFinite(numberOf(name)));
  return names.toSorted((a, b) => (areNumbers ? Number(a) - Number(b) : a < b ? -1 : 1));
}
