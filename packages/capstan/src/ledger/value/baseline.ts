/** Outcomes by the time they were received; counts of all up to and with that time. Ascending. */
export type Arrivals = readonly { readonly at: number; readonly outcomes: number; readonly positives: number }[];

/**
 * The constant of an answer given at `time`: the share of positives among the outcomes received strictly before it, by the
 * rule of succession, so that the first few do not make it certain. Null before the first outcome: there is no baseline.
 */
export function baselineAt(arrivals: Arrivals, time: number): number | null {
  let [low, high] = [0, arrivals.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((arrivals[middle]?.at ?? time) < time) low = middle + 1;
    else high = middle;
  }
  const known = arrivals[low - 1];
  return known ? (known.positives + 1) / (known.outcomes + 2) : null;
}
