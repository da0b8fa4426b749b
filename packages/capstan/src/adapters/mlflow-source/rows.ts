// What rows of either database mean: texts by owner, exact integers, absent values.
import { readInt64, type Int64 } from '#kernel/int64';
import type { SourceSeries } from '#ports/tracking-source';
import type { Row } from './sql-reader.ts';

/** Which tables and columns this database has. */
export interface Tables {
  has(table: string, column?: string): boolean;
  /** The column, or what stands for one that an older schema lacks. */
  column(table: string, name: string, otherwise?: string): string;
}

export function addPoint(
  metrics: Map<string, SourceSeries>,
  key: string,
  step: Int64,
  timestamp: Int64,
  value: number,
): void {
  let series = metrics.get(key);
  if (!series) metrics.set(key, (series = { key, steps: [], timestamps: [], values: [] }));
  series.steps.push(step);
  series.timestamps.push(timestamp);
  series.values.push(value);
}

export function textsBy(rows: readonly Row[]): Map<string, Record<string, string>> {
  const found = new Map<string, Record<string, string>>();
  for (const row of rows) {
    const owner = String(row['owner']);
    let texts = found.get(owner);
    if (!texts) found.set(owner, (texts = {}));
    texts[String(row['key'])] = textOf(row['value']);
  }
  return found;
}

export function push<Item>(map: Map<string, Item[]>, key: string, item: Item): void {
  const list = map.get(key);
  if (list) list.push(item);
  else map.set(key, [item]);
}

/** PostgreSQL gives 64-bit integers as text. */
export function int64(value: Row[string] | undefined): Int64 {
  if (typeof value === 'number') return value;
  return readInt64(String(value ?? 0));
}

export function textOf(value: Row[string] | undefined): string {
  return value == null ? '' : String(value);
}

export function textOrNull(value: Row[string] | undefined): string | null {
  return value == null ? null : String(value);
}

export function placesFor(values: readonly unknown[]): string {
  return values.length === 0 ? 'null' : values.map(() => '?').join(', ');
}

export function listOf(ids: readonly number[]): string {
  return ids.length === 0 ? 'null' : ids.filter((id) => Number.isSafeInteger(id)).join(', ');
}

export function chunksOf(values: readonly string[], size: number): string[][] {
  return Array.from({ length: Math.ceil(values.length / size) }, (_, index) =>
    values.slice(index * size, (index + 1) * size),
  );
}
