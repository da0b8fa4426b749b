/**
 * Spearman's rank correlation, with ties.
 *
 * Owns ranks and their correlation; says nothing of significance.
 */

/** Ranks from 1 on; equal values share the mean of theirs. */
export function ranks(values: readonly number[]): number[] {
  const order = values.map((_, index) => index).toSorted((a, b) => (values[a] ?? 0) - (values[b] ?? 0));
  const ranked = values.map(() => 0);
  for (let start = 0; start < order.length;) {
    let end = start;
    while (end + 1 < order.length && values[order[end + 1] ?? 0] === values[order[start] ?? 0]) end++;
    for (const index of order.slice(start, end + 1)) ranked[index] = (start + end) / 2 + 1;
    start = end + 1;
  }
  return ranked;
}

/**
 * Correlation of the ranks of two lists of equal length, from -1 to 1 (Spearman 1904); undefined where one is constant or
 * has fewer than two values.
 */
export function rankCorrelation(first: readonly number[], second: readonly number[]): number | undefined {
  const [a, b] = [centred(ranks(first)), centred(ranks(second))];
  const both = product(a, b);
  const spread = Math.sqrt(product(a, a) * product(b, b));
  return spread === 0 ? undefined : Math.max(-1, Math.min(1, both / spread));
}

function centred(values: readonly number[]): number[] {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  return values.map((value) => value - mean);
}

function product(first: readonly number[], second: readonly number[]): number {
  return first.reduce((sum, value, index) => sum + value * (second[index] ?? 0), 0);
}
