/**
 * Recalibration in the large: one constant that moves all of a model's log odds, so that on average it says what came true.
 *
 * Owns the constant and its use; `deployments` keeps it, data planes apply it to answers. It repairs the level of
 * probabilities, which moves with the season, and leaves the order of examples as the model has it.
 */
import { requireFinite, requireNonNegative } from './argument-checks.ts';

/** A probability that a model gave, and what came true. */
export interface LabelledProbability {
  readonly probability: number;
  readonly label: 0 | 1;
}

/** Log odds further out than this are taken for this: a model that is sure must not rule the sums. */
const MOST_LOG_ODDS = 30;
const MAX_STEPS = 50;
const ENOUGH = 1e-12;
/** Beyond it a model is broken, not badly calibrated. In log odds; 3 turns 5 % into 51 %. */
export const MAX_SHIFT = 3;

/** The probability whose log odds lie `shift` above those of `probability`, which is in [0, 1]; itself where `shift` is 0. */
export function shiftedProbability(probability: number, shift: number): number {
  if (shift === 0 || probability <= 0 || probability >= 1) return probability;
  return sigmoid(logOdds(probability) + shift);
}

/**
 * The shift of log odds that fits the labels best, drawn towards 0 as if `priorRows` more examples had agreed with the
 * model: n / (n + priorRows) of the maximum-likelihood estimate, within `MAX_SHIFT`. 0 without examples.
 *
 * Source: E. W. Steyerberg, G. J. J. M. Borsboom, H. C. van Houwelingen et al., "Validation and updating of predictive
 * logistic regression models: a study on sample size and shrinkage", Statistics in Medicine 23 (2004) 2567-2586:
 * recalibration in the large with shrinkage. Throws RangeError for a probability outside [0, 1] or a negative prior.
 */
export function fitShift(examples: readonly LabelledProbability[], priorRows: number): number {
  requireNonNegative('priorRows', priorRows);
  const n = examples.length;
  if (n === 0) return 0;
  const odds = new Float64Array(n);
  let positives = 0;
  for (const [index, { probability, label }] of examples.entries()) {
    requireFinite('probability', probability);
    if (probability < 0 || probability > 1) throw new RangeError(`probability must be in [0, 1], got ${probability}`);
    odds[index] = logOdds(probability);
    positives += label;
  }
  const shrinkage = n / (n + priorRows);
  return clamp(shrinkage * bestShift(odds, positives), MAX_SHIFT);
}

/** Newton's method on the score: the sum of probabilities is to equal the number of positives. */
function bestShift(odds: Float64Array, positives: number): number {
  // All alike: the best shift is infinite, and what the caller makes of it is its bound.
  if (positives === 0) return -Infinity;
  if (positives === odds.length) return Infinity;
  let shift = 0;
  for (let step = 0; step < MAX_STEPS; step++) {
    let expected = 0;
    let information = 0;
    for (const each of odds) {
      const probability = sigmoid(each + shift);
      expected += probability;
      information += probability * (1 - probability);
    }
    // A step of more than 1 could leave the region in which the curve is what it seems.
    const change = clamp((positives - expected) / Math.max(information, Number.MIN_VALUE), 1);
    shift += change;
    if (Math.abs(change) < ENOUGH) break;
  }
  return shift;
}

function logOdds(probability: number): number {
  return clamp(Math.log(probability / (1 - probability)), MOST_LOG_ODDS);
}

function sigmoid(odds: number): number {
  return 1 / (1 + Math.exp(-odds));
}

function clamp(value: number, most: number): number {
  return Math.min(most, Math.max(-most, value));
}
