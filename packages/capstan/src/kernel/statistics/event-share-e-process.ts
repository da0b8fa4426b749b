/**
 * Event-share e-process: does the canary have more than its share of bad events?
 *
 * Owns the test for errors, timeouts, slow answers and invalid outputs in a randomised split. Given that an event
 * happened, it was the canary's with the chance of its traffic share, if both arms have the same event rate, however
 * that rate moves over time. The state is two whole numbers a stage: mergeable, replayable, and independent of when one
 * looks. Where routing sticks to a user, count a user's first event only.
 */
import { requireInteger, requireOpenUnit } from './argument-checks.ts';

/** What happened while the canary had one fixed share of the traffic. */
export interface EventShareStage {
  /** Chance that a request went to the canary, between 0 and 1 (both excluded). */
  readonly canaryShare: number;
  /** Bad events of the canary. */
  readonly canaryEvents: number;
  /** Bad events of both arms. */
  readonly totalEvents: number;
}

const GRID_POINTS = 40;
const GRID_FIRST_RATIO = 1.1;
const GRID_LAST_RATIO = 10;

/** Risk ratios looked for, relative to the null hypothesis: equal steps of the logarithm, equal weights. */
const GRID: readonly number[] = Array.from({ length: GRID_POINTS }, (_, i) =>
  Math.exp(Math.log(GRID_FIRST_RATIO) + (i / (GRID_POINTS - 1)) * Math.log(GRID_LAST_RATIO / GRID_FIRST_RATIO)),
);

/** Log-likelihood of a risk ratio, up to what does not depend on it. */
function logLikelihood(stages: readonly EventShareStage[], ratio: number): number {
  let sum = 0;
  for (const { canaryShare, canaryEvents, totalEvents } of stages) {
    sum += canaryEvents * Math.log(ratio) - totalEvents * Math.log1p(canaryShare * (ratio - 1));
  }
  return sum;
}

function requireStages(stages: readonly EventShareStage[]): void {
  for (const [i, stage] of stages.entries()) {
    requireOpenUnit(`stages[${i}].canaryShare`, stage.canaryShare);
    requireInteger(`stages[${i}].canaryEvents`, stage.canaryEvents, 0);
    requireInteger(`stages[${i}].totalEvents`, stage.totalEvents, stage.canaryEvents);
  }
}

function mixtureLogE(stages: readonly EventShareStage[], nullRatio: number, ratios: readonly number[]): number {
  requireStages(stages);
  const atNull = logLikelihood(stages, nullRatio);
  const logRatios = ratios.map((ratio) => logLikelihood(stages, ratio) - atNull);
  const largest = Math.max(...logRatios);
  const sum = logRatios.reduce((total, logRatio) => total + Math.exp(logRatio - largest), 0);
  return largest + Math.log(sum / ratios.length);
}

/**
 * Log e-value against "the canary's event risk is at most the champion's", over all stages so far.
 *
 * Reject at level alpha once it reaches ln(1/alpha), at whatever time; no stages or no events give 0. Mixture of 40
 * risk ratios from 1.1 to 10. Throws RangeError on a share outside (0, 1) or counts that are not 0 <= canary <= total.
 */
export function eventHarmLogE(stages: readonly EventShareStage[]): number {
  return mixtureLogE(stages, 1, GRID);
}

/**
 * Log e-value against "the canary's event risk is `ratioMargin` times the champion's or more".
 *
 * Rejecting it proves the canary's risk below that multiple: the claim a promotion needs. `ratioMargin` is 1 or more,
 * say 1.25. Throws RangeError as `eventHarmLogE`.
 */
export function eventNonInferiorityLogE(stages: readonly EventShareStage[], ratioMargin: number): number {
  if (!(Number.isFinite(ratioMargin) && ratioMargin >= 1)) {
    throw new RangeError(`ratioMargin must be 1 or more, got ${ratioMargin}`);
  }
  return mixtureLogE(
    stages,
    ratioMargin,
    GRID.map((ratio) => ratioMargin / ratio),
  );
}
