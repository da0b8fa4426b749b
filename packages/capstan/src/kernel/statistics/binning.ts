/**
 * Frozen bins: a column of values becomes a short vector of counts that can be stored, merged and compared.
 *
 * Owns how bins are chosen from a reference and how later values fall into them. Bins are plain JSON and never change
 * after freezing, so counts of any two stretches of time over the same bins may be added and compared. Called by data
 * profiles (freeze) and drift monitors (count); `jensen-shannon`, `chi-square-homogeneity` and `two-sample-ks` read
 * the counts.
 */
import { requireCounts, requireInteger, requireSameLength } from './argument-checks.ts';

export interface NumericBins {
  readonly kind: 'numeric';
  /** Smallest finite reference value; null when the reference held none. */
  readonly minimum: number | null;
  /** Upper ends of the bins, each included, strictly ascending; the last is the largest finite reference value. */
  readonly upperEdges: readonly number[];
}

export interface CategoryBins {
  readonly kind: 'categories';
  /** The categories that have a bin of their own, most frequent in the reference first. */
  readonly categories: readonly string[];
}

export type FrozenBins = NumericBins | CategoryBins;

/** A value of a numeric column; null, undefined and NaN are missing. */
export type NumericValue = number | null | undefined;

/** A value of a category column; null and undefined are missing, the empty string is a category. */
export type CategoryValue = string | null | undefined;

/**
 * Chooses bins of about equal reference counts, between observed quantiles.
 *
 * Repeated quantiles collapse, so a column of few distinct values gets a bin for each. Values outside the reference
 * range have two bins of their own (`below`, `above`), and so has `missing`: a constant column that moves is seen.
 * Infinite values never become an edge. Throws RangeError unless `binCount` is a whole number, 1 or more.
 */
export function freezeNumericBins(reference: Iterable<NumericValue>, binCount = 10): NumericBins {
  requireInteger('binCount', binCount, 1);
  const finite: number[] = [];
  for (const value of reference) if (typeof value === 'number' && Number.isFinite(value)) finite.push(value);
  const ascending = Float64Array.from(finite).sort();
  const upperEdges: number[] = [];
  for (let bin = 1; bin <= binCount; bin++) {
    const edge = ascending[Math.ceil((bin * ascending.length) / binCount) - 1];
    if (edge !== undefined && edge !== upperEdges.at(-1)) upperEdges.push(edge);
  }
  return { kind: 'numeric', minimum: ascending[0] ?? null, upperEdges };
}

/**
 * Chooses the most frequent categories of the reference; all others, and those never seen before, share `other`.
 *
 * Equal counts are ordered by name, so the choice does not depend on row order. Throws RangeError unless
 * `maxCategories` is a whole number, 1 or more.
 */
export function freezeCategoryBins(reference: Iterable<CategoryValue>, maxCategories = 50): CategoryBins {
  requireInteger('maxCategories', maxCategories, 1);
  const counts = new Map<string, number>();
  for (const value of reference) {
    if (value !== null && value !== undefined) counts.set(value, (counts.get(value) ?? 0) + 1);
  }
  const frequent = [...counts].toSorted(([a, countA], [b, countB]) => countB - countA || (a < b ? -1 : 1));
  return { kind: 'categories', categories: frequent.slice(0, maxCategories).map(([category]) => category) };
}

/** The name of each bin, in the order of the counts: for display and for the reader of a stored vector. */
export function binLabels(bins: FrozenBins): string[] {
  if (bins.kind === 'categories') return [...bins.categories, 'other', 'missing'];
  const ranges = bins.upperEdges.map(
    (edge, i) => `${i === 0 ? '[' : '('}${bins.upperEdges[i - 1] ?? bins.minimum}, ${edge}]`,
  );
  return ['below', ...ranges, 'above', 'missing'];
}

/** Index of the first edge that is not below `value`; the number of edges when all are. */
function findEdge(edges: readonly number[], value: number): number {
  let low = 0;
  let high = edges.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((edges[middle] ?? value) < value) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Counts numbers into bins: `below`, one for each edge, `above`, `missing` (see `binLabels`). */
export function countNumbers(bins: NumericBins, values: Iterable<NumericValue>): number[] {
  const counts = Array.from({ length: bins.upperEdges.length + 3 }, () => 0);
  const missing = counts.length - 1;
  for (const value of values) {
    let bin = missing;
    if (typeof value === 'number' && !Number.isNaN(value)) {
      bin = bins.minimum !== null && value < bins.minimum ? 0 : findEdge(bins.upperEdges, value) + 1;
    }
    counts[bin] = (counts[bin] ?? 0) + 1;
  }
  return counts;
}

/** Counts categories into bins: one for each, `other`, `missing` (see `binLabels`). */
export function countCategories(bins: CategoryBins, values: Iterable<CategoryValue>): number[] {
  const binOf = new Map(bins.categories.map((category, bin) => [category, bin]));
  const other = bins.categories.length;
  const counts = Array.from({ length: other + 2 }, () => 0);
  for (const value of values) {
    const bin = value === null || value === undefined ? other + 1 : (binOf.get(value) ?? other);
    counts[bin] = (counts[bin] ?? 0) + 1;
  }
  return counts;
}

/** Adds counts over the same bins. Throws RangeError on unequal lengths or broken counts. */
export function mergeCounts(first: readonly number[], second: readonly number[]): number[] {
  requireSameLength('first', first, 'second', second);
  requireCounts('first', first);
  requireCounts('second', second);
  return first.map((count, bin) => count + (second[bin] ?? 0));
}
