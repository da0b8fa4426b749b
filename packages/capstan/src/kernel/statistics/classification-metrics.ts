/**
 * How good predicted probabilities of a binary outcome are.
 *
 * Owns the four numbers shown and gated on: ranking (AUC), log loss, Brier score, calibration error. All take labels
 * (0 or 1) and probabilities of 1, same length, and throw RangeError on other values, empty input or unequal lengths.
 */
import { requireInteger, requireOpenUnit, requireSameLength, requireUnit } from './argument-checks.ts';

function requirePredictions(labels: ArrayLike<number>, probabilities: ArrayLike<number>): void {
  requireSameLength('labels', labels, 'probabilities', probabilities);
  for (let i = 0; i < labels.length; i++) {
    const label = labels[i];
    if (label !== 0 && label !== 1) throw new RangeError(`labels[${i}] must be 0 or 1, got ${label}`);
    requireUnit(`probabilities[${i}]`, probabilities[i] ?? Number.NaN);
  }
}

/**
 * Chance that a random positive is ranked above a random negative, ties counted half: area under the ROC curve.
 *
 * Null when one of the two classes is absent, where it is not defined.
 */
export function areaUnderRoc(labels: ArrayLike<number>, probabilities: ArrayLike<number>): number | null {
  requirePredictions(labels, probabilities);
  const order = Uint32Array.from({ length: labels.length }, (_, i) => i);
  order.sort((i, j) => (probabilities[i] ?? 0) - (probabilities[j] ?? 0));
  let negativesBelow = 0;
  let positives = 0;
  let doubledWins = 0;
  for (let start = 0; start < order.length;) {
    const score = probabilities[order[start] ?? 0];
    let tiedPositives = 0;
    let end = start;
    for (; end < order.length && probabilities[order[end] ?? 0] === score; end++) {
      tiedPositives += labels[order[end] ?? 0] ?? 0;
    }
    const tiedNegatives = end - start - tiedPositives;
    doubledWins += tiedPositives * (2 * negativesBelow + tiedNegatives);
    positives += tiedPositives;
    negativesBelow += tiedNegatives;
    start = end;
  }
  if (positives === 0 || negativesBelow === 0) return null;
  return doubledWins / 2 / positives / negativesBelow;
}

/** Log loss of one prediction, in nats; the probability is kept `clip` away from 0 and 1, so the loss is finite. */
export function logLossOf(label: 0 | 1, probability: number, clip = 1e-15): number {
  requireUnit('probability', probability);
  requireOpenUnit('clip', clip);
  // log1p keeps the digits of a small 1 - p that was never rounded.
  const logChance = label === 1 ? Math.log(probability) : Math.log1p(-probability);
  return 0 - Math.max(Math.log(clip), logChance);
}

/** Mean log loss, in nats; see `logLossOf`. */
export function logLoss(labels: ArrayLike<number>, probabilities: ArrayLike<number>, clip = 1e-15): number {
  requirePredictions(labels, probabilities);
  let sum = 0;
  for (let i = 0; i < labels.length; i++) sum += logLossOf(labels[i] === 1 ? 1 : 0, probabilities[i] ?? 0, clip);
  return sum / labels.length;
}

/** Mean squared distance between probability and label, in [0, 1]. */
export function brierScore(labels: ArrayLike<number>, probabilities: ArrayLike<number>): number {
  requirePredictions(labels, probabilities);
  let sum = 0;
  for (let i = 0; i < labels.length; i++) sum += ((probabilities[i] ?? 0) - (labels[i] ?? 0)) ** 2;
  return sum / labels.length;
}

/**
 * Expected calibration error: mean distance, weighted by rows, between mean probability and share of ones in
 * `binCount` bins of equal width over [0, 1], each with its lower end; 0 is perfect.
 *
 * Source: M. P. Naeini, G. Cooper and M. Hauskrecht, AAAI 2015. Biased upward on few rows.
 */
export function expectedCalibrationError(
  labels: ArrayLike<number>,
  probabilities: ArrayLike<number>,
  binCount = 10,
): number {
  requirePredictions(labels, probabilities);
  requireInteger('binCount', binCount, 1);
  const excess = new Float64Array(binCount);
  for (let i = 0; i < labels.length; i++) {
    const probability = probabilities[i] ?? 0;
    const bin = Math.min(binCount - 1, Math.floor(probability * binCount));
    excess[bin] = (excess[bin] ?? 0) + probability - (labels[i] ?? 0);
  }
  return excess.reduce((sum, value) => sum + Math.abs(value), 0) / labels.length;
}
