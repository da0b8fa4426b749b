import { MAX_DEPTH } from './scan-numbers.ts';

/** Values of a JSON array that is flat, or nested with rows of equal length. */
export interface Flattened {
  readonly values: readonly unknown[];
  /** Items at each depth, outermost first. */
  readonly sizes: readonly number[];
}

/** Row-major values; `ragged` where rows have unequal lengths, `deep` where they nest beyond any shape. */
export function flatten(data: readonly unknown[]): Flattened | 'ragged' | 'deep' {
  const sizes = [data.length];
  let values = data;
  while (Array.isArray(values[0])) {
    if (sizes.length === MAX_DEPTH) return 'deep';
    const size = values[0].length;
    const inner: unknown[] = [];
    for (const row of values) {
      if (!Array.isArray(row) || row.length !== size) return 'ragged';
      for (const value of row) inner.push(value);
    }
    sizes.push(size);
    values = inner;
  }
  return { values, sizes };
}
