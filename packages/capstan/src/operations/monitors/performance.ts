import { pairedMeanDifference } from '#kernel/statistics/mean-difference';

/** A prediction whose outcome is known, with the loss of the model and that of the baseline on the same example. */
export interface LossPair {
  readonly modelLoss: number;
  readonly baselineLoss: number;
}

export interface PerformanceLimits {
  /** Windows of fewer labelled rows are not judged. */
  readonly minLabels: number;
  /** Confidence of the interval of the difference. */
  readonly confidence: number;
}

export const defaultPerformanceLimits: PerformanceLimits = { minLabels: 500, confidence: 0.95 };

export interface PerformanceJudgement {
  /** `decayed`: not shown to be better than doing nothing; `unknown`: too few labels to say. */
  readonly verdict: 'healthy' | 'decayed' | 'unknown';
  readonly reason: string;
  readonly labels: number;
  /** Share of the window's predictions whose outcome is known. */
  readonly coverage: number;
  readonly modelLoss: number | null;
  readonly baselineLoss: number | null;
  /** Model less baseline: below 0 is better than the baseline. */
  readonly difference: { readonly mean: number; readonly lower: number; readonly upper: number } | null;
}

/**
 * Judges realised performance in one closed window: the mean loss of the model against that of the baseline on the same
 * examples, with the fixed-sample interval (a window is judged once, when its labels are in). The model is healthy only
 * while the whole interval is on its side: "not shown to be worse" is not health.
 */
export function judgePerformance(
  pairs: readonly LossPair[],
  predictions: number,
  limits: PerformanceLimits = defaultPerformanceLimits,
): PerformanceJudgement {
  const labels = pairs.length;
  const coverage = predictions === 0 ? 0 : labels / predictions;
  if (labels < limits.minLabels) {
    const reason = `${labels} labels, at least ${limits.minLabels} are needed`;
    return { verdict: 'unknown', reason, labels, coverage, modelLoss: null, baselineLoss: null, difference: null };
  }
  const modelLosses = pairs.map((pair) => pair.modelLoss);
  const baselineLosses = pairs.map((pair) => pair.baselineLoss);
  const { mean: difference, spread } = pairedMeanDifference(modelLosses, baselineLosses, limits.confidence);
  const lower = spread?.lower ?? Number.NEGATIVE_INFINITY;
  const upper = spread?.upper ?? Number.POSITIVE_INFINITY;
  const isHealthy = upper < 0;
  const interval = `[${lower.toFixed(4)}, ${upper.toFixed(4)}]`;
  return {
    verdict: isHealthy ? 'healthy' : 'decayed',
    reason: `loss ${isHealthy ? 'below' : 'not below'} the baseline's: difference ${difference.toFixed(4)} ${interval}, n ${labels}`,
    labels,
    coverage,
    modelLoss: mean(modelLosses),
    baselineLoss: mean(baselineLosses),
    difference: { mean: difference, lower, upper },
  };
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
