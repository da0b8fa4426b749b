// Normalised pointwise mutual information of two filters. Source: Bouma, "Normalized (pointwise) mutual information in
// collocation extraction", 2009; smoothed with Jeffreys' prior, one half a cell. Pure.

export interface JointCounts {
  readonly total: number;
  readonly first: number;
  readonly second: number;
  readonly both: number;
}

export interface Correlation extends JointCounts {
  /** From -1 (never together) over 0 (independent) to 1 (always together); NaN where a filter meets nothing. */
  readonly npmi: number;
  /** The same with half a trace added to each cell, for few traces. */
  readonly smoothed: number;
}

export function correlationOf(counts: JointCounts): Correlation {
  const { total, first, second, both } = counts;
  if (total === 0 || first === 0 || second === 0) return { ...counts, npmi: Number.NaN, smoothed: Number.NaN };
  return { ...counts, npmi: both === 0 ? -1 : npmi(counts, 0), smoothed: npmi(counts, 0.5) };
}

function npmi({ total, first, second, both }: JointCounts, prior: number): number {
  // All traces in the joint cell: always together, and the logarithm below would be of 1.
  if (both === total) return 1;
  const joint = both + prior;
  const all = total + 4 * prior;
  const information = Math.log(joint) + Math.log(all) - Math.log(first + 2 * prior) - Math.log(second + 2 * prior);
  return Math.max(-1, Math.min(1, information / (Math.log(all) - Math.log(joint))));
}
