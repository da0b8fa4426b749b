import type { VerdictCheck } from '#model/registry';
import { observeBounded, startBetting } from '#kernel/statistics/betting-e-process';
import { pairedMeanDifference } from '#kernel/statistics/mean-difference';
import { lossCaps, metricNames, shown, type Losses, type Metric } from './model.ts';

interface Comparison {
  readonly check: string;
  readonly metric: Metric;
  readonly candidate: Losses;
  readonly other: Losses;
  /** Chance of not calling a candidate better that is no better than the other one; in (0.5, 1). */
  readonly confidence: number;
}

/**
 * Whether the candidate's loss is below the other's on the same rows, beyond noise. Null hypothesis: it is not, row after
 * row in the order of event time; tested by betting (`betting-e-process`) on the paired differences of capped losses, which
 * is exact at any number of rows. Passing needs the wealth to have reached 1 / (1 - confidence) and the mean over all rows
 * to be on the candidate's side too: a lead at the start of the window that was lost by its end is none.
 */
export function checkBetter({ check, metric, candidate, other, confidence }: Comparison): VerdictCheck {
  const cap = lossCaps[metric];
  const n = candidate.capped.length;
  let evidence = startBetting(0);
  for (let row = 0; row < n; row++) {
    evidence = observeBounded(evidence, ((other.capped[row] ?? 0) - (candidate.capped[row] ?? 0)) / cap);
  }
  const { mean, spread } = pairedMeanDifference(other.capped, candidate.capped, confidence);
  const limit = -Math.log(1 - confidence);
  const isBetter = evidence.maxLogE >= limit && mean > 0;
  const interval = spread && ([spread.lower, spread.upper] as const);
  const name = metricNames[metric];
  const side = mean > 0 ? `lower by ${shown(mean)}` : `higher by ${shown(-mean)}`;
  const scores = `${name} ${shown(candidate.score.loss)} against ${shown(other.score.loss)} of ${other.name}`;
  // As large as the words before it say: of a loss that is higher, by how much.
  const ends = interval && (mean > 0 ? interval : ([-interval[1], -interval[0]] as const));
  const range = ends ? ` [${shown(ends[0])}, ${shown(ends[1])}]` : '';
  const weight = `evidence e^${evidence.maxLogE.toFixed(1)}, e^${limit.toFixed(1)} is needed for ${Number((confidence * 100).toPrecision(6))} %`;
  return {
    check,
    status: isBetter ? 'pass' : 'fail',
    value: evidence.maxLogE,
    limit,
    n,
    ...(interval && { interval }),
    reason: `${isBetter ? 'better' : 'not shown to be better'}: ${scores}, ${side}${range}; ${weight}`,
  };
}
