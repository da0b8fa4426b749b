import { invalid } from '#kernel/errors';
import type { ValueMatrix } from './spec.ts';

/**
 * The probability at and above which acting is worth more than not acting, if probabilities are calibrated:
 * p TP + (1 - p) FP >= p FN + (1 - p) TN  ⇔  p >= (TN - FP) / ((TN - FP) + (TP - FN)).
 * Source: C. Elkan, "The Foundations of Cost-Sensitive Learning", IJCAI 2001, equation 2.
 * @throws DomainError INVALID_ARGUMENT when a right decision is not worth more than the wrong one for the same truth
 */
export function valueOptimalThreshold(value: ValueMatrix): number {
  const costOfActing = value.trueNegative - value.falsePositive;
  const gainOfActing = value.truePositive - value.falseNegative;
  if (costOfActing < 0 || gainOfActing < 0 || costOfActing + gainOfActing === 0) {
    throw invalid('The value matrix pays for wrong decisions', {
      field: 'charter.value',
      hint: 'true_positive must be worth more than false_negative, and true_negative more than false_positive.',
    });
  }
  return costOfActing / (costOfActing + gainOfActing);
}

/** What one decision was worth, given what happened. */
export function valueOf(value: ValueMatrix, isPositive: boolean, label: 0 | 1): number {
  if (isPositive) return label === 1 ? value.truePositive : value.falsePositive;
  return label === 1 ? value.falseNegative : value.trueNegative;
}
