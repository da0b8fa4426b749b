/**
 * Confidence sequence for a mean: an interval that may be looked at after every observation.
 *
 * Owns the asymptotic normal-mixture sequence, for losses without a bound or arms without pairs. Called by rollouts on
 * the values of `propensity-weighting.ts`. Where losses are bounded and paired, `paired-loss-test.ts` is exact.
 */
import { requireInteger, requireOpenUnit } from './argument-checks.ts';
import type { RunningMoments } from './running-moments.ts';
import { standardDeviation } from './running-moments.ts';

const LEAST_EXAMPLES = 100;
const LEAST_EXAMPLES_PER_ARM = 30;

export interface ConfidenceInterval {
  readonly lower: number;
  readonly estimate: number;
  readonly upper: number;
}

/** Whether there is enough of both arms to start looking: at least 100 examples, 30 of each arm. */
export function canTrustAsymptotics(canaryExamples: number, championExamples: number): boolean {
  const fewest = Math.min(canaryExamples, championExamples);
  return canaryExamples + championExamples >= LEAST_EXAMPLES && fewest >= LEAST_EXAMPLES_PER_ARM;
}

/**
 * Half-width of the sequence after `count` >= 1 values, in standard deviations of a value.
 *
 * `tightestAt` is the count at which the sequence is to be narrowest; it must be chosen before looking. Source:
 * I. Waudby-Smith, D. Arbour, R. Sinha, E. Kennedy and A. Ramdas, "Time-uniform central limit theory and asymptotic
 * confidence sequences", Annals of Statistics 2024, arXiv 2103.06476. Throws RangeError.
 */
export function confidenceSequenceRadius(count: number, alpha: number, tightestAt: number): number {
  requireInteger('count', count, 1);
  requireOpenUnit('alpha', alpha);
  requireInteger('tightestAt', tightestAt, 1);
  const logAlpha = Math.log(alpha);
  const mixtureVariance = (-2 * logAlpha + Math.log(1 - 2 * logAlpha)) / tightestAt;
  const growth = count * mixtureVariance + 1;
  return Math.sqrt((2 * growth * (0.5 * Math.log(growth) - logAlpha)) / (count * count * mixtureVariance));
}

/**
 * The 1 - alpha confidence sequence at its present place, two-sided, from two values on (see `canTrustAsymptotics`).
 *
 * Arguments and errors as `confidenceSequenceRadius`.
 */
export function confidenceSequence(moments: RunningMoments, alpha: number, tightestAt: number): ConfidenceInterval {
  const radius = standardDeviation(moments) * confidenceSequenceRadius(moments.count, alpha, tightestAt);
  return { lower: moments.mean - radius, estimate: moments.mean, upper: moments.mean + radius };
}
