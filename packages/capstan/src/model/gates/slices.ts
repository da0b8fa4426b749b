import type { VerdictCheck } from '#model/registry';
import { observeBounded, startBetting, type BettingProcess } from '#kernel/statistics/betting-e-process';
import type { Cell } from '#ports/analytics';
import { lossCaps, metricNames, shown, type Losses, type Metric } from './model.ts';

/** Chance of refusing a candidate that is nowhere worse by more than what is accepted, over all slices together. */
const ALPHA = 0.05;
const MAX_NAMED = 3;

interface SliceGate {
  readonly minRows: number;
  /** In units of the metric. */
  readonly maxRegression: number;
}

interface Slice {
  readonly name: string;
  readonly rows: number;
  /** Mean of candidate less other. */
  readonly regression: number;
  readonly logE: number;
}

/**
 * Whether the candidate is worse than the other by more than `maxRegression` in any slice. Null hypothesis in each: it is
 * not; tested by betting in the order of event time, at the level ALPHA divided by the number of slices, so that of many
 * slices the noise of one refuses nobody.
 * @param columns values by slice column, in the order of the rows
 */
export function checkSlices(
  gate: SliceGate,
  metric: Metric,
  columns: ReadonlyMap<string, readonly Cell[]>,
  candidate: Losses,
  other: Losses,
): VerdictCheck {
  const all = [...columns].flatMap(([column, values]) =>
    slicesOf(column, values, gate, lossCaps[metric], candidate, other),
  );
  const judged = all.filter((slice) => slice.rows >= gate.minRows);
  const small = all.length - judged.length;
  const check = { check: 'slices', limit: gate.maxRegression };
  const left = small > 0 ? `; ${small} of ${all.length} have fewer than ${gate.minRows} rows and are not judged` : '';
  if (judged.length === 0) {
    return { ...check, status: 'unknown', value: null, n: 0, reason: `no slice has ${gate.minRows} rows` };
  }
  const threshold = Math.log(judged.length / ALPHA);
  const harmed = judged.filter((slice) => slice.logE >= threshold).toSorted((a, b) => b.regression - a.regression);
  const worst = harmed[0] ?? judged.reduce((a, b) => (b.regression > a.regression ? b : a));
  const measured = { ...check, value: worst.regression, n: worst.rows };
  const name = metricNames[metric];
  if (harmed.length === 0) {
    const reason = `${name} is nowhere shown to be worse by more than ${gate.maxRegression} in ${judged.length} slices; worst ${describe(worst)}${left}`;
    return { ...measured, status: 'pass', reason };
  }
  const named = harmed.slice(0, MAX_NAMED).map(describe).join(', ');
  const more = harmed.length > MAX_NAMED ? ` and ${harmed.length - MAX_NAMED} more` : '';
  return {
    ...measured,
    status: 'fail',
    reason: `${name} is worse by more than ${gate.maxRegression} for ${named}${more}${left}`,
  };
}

function describe(slice: Slice): string {
  return `${slice.name} (${slice.regression > 0 ? '+' : ''}${shown(slice.regression)}, n ${slice.rows})`;
}

function slicesOf(
  column: string,
  values: readonly Cell[],
  gate: SliceGate,
  cap: number,
  candidate: Losses,
  other: Losses,
): Slice[] {
  // A regression that is accepted in full cannot be exceeded: the test's null mean must stay below 1.
  const nullMean = Math.min(gate.maxRegression / cap, 0.999);
  const found = new Map<string, { rows: number; sum: number; evidence: BettingProcess }>();
  for (const [row, value] of values.entries()) {
    const name = value === null ? 'missing' : typeof value === 'object' ? JSON.stringify(value) : String(value);
    const slice = found.get(name) ?? { rows: 0, sum: 0, evidence: startBetting(nullMean) };
    const difference = (candidate.capped[row] ?? 0) - (other.capped[row] ?? 0);
    slice.rows += 1;
    slice.sum += difference;
    slice.evidence = observeBounded(slice.evidence, difference / cap);
    found.set(name, slice);
  }
  return [...found].map(([value, { rows, sum, evidence }]) => ({
    name: `${column}=${value}`,
    rows,
    regression: sum / rows,
    logE: evidence.maxLogE,
  }));
}
