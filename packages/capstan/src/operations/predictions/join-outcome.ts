import { shiftedProbability } from '#kernel/statistics/recalibration';
import type { Pricing } from '#operations/deployments';
import { valueOf } from '#operations/deployments';
import { logLoss, type Label } from './model.ts';

/** What an outcome adds to a logged answer. */
export interface JoinedOutcome {
  readonly label: Label;
  readonly labelAt: number;
  readonly loss: number | null;
  /** In the charter's currency; null where it has no matrix or the model did not answer. */
  readonly value: number | null;
  /** What the baseline's decision for the same example was worth. */
  readonly baselineValue: number | null;
  /** Loss and value of the model alone, had nothing shifted its log odds. */
  readonly modelLoss: number | null;
  readonly modelValue: number | null;
}

/**
 * Loss and value of an answer once its outcome is known. The baseline is a constant probability: its decision is to act
 * when that reaches the same threshold.
 */
export function joinOutcome(
  answer: { readonly probability: number | null; readonly threshold: number; readonly shift: number },
  outcome: { readonly label: Label; readonly labelAt: number },
  pricing: Pricing,
): JoinedOutcome {
  const { label, labelAt } = outcome;
  const { value, baselineProbability } = pricing;
  const { probability, threshold } = answer;
  if (probability === null) {
    return { label, labelAt, loss: null, value: null, baselineValue: null, modelLoss: null, modelValue: null };
  }
  const ofModel = shiftedProbability(probability, -answer.shift);
  return {
    label,
    labelAt,
    loss: logLoss(probability, label),
    value: value && valueOf(value, probability >= threshold, label),
    baselineValue:
      value && baselineProbability !== null ? valueOf(value, baselineProbability >= threshold, label) : null,
    modelLoss: logLoss(ofModel, label),
    modelValue: value && valueOf(value, ofModel >= threshold, label),
  };
}
