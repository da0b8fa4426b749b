import type { MeanInterval, ValueRow } from '@capstan/api';
import { confidenceSequence } from '#kernel/statistics/asymptotic-confidence-sequence';
import { areaUnderRoc, logLossOf } from '#kernel/statistics/classification-metrics';
import { addValue, NO_VALUES, type RunningMoments } from '#kernel/statistics/running-moments';
import { valueOf, type ValueMatrix } from '#operations/deployments';
import type { Place } from './model.ts';
import type { AnsweredRow } from './store.ts';

/** A sum of amounts: exact for whole ones, which a mean times a count is not. */
interface Money {
  readonly count: number;
  readonly sum: number;
}

const NO_MONEY: Money = { count: 0, sum: 0 };

/** What is kept of the answers of one row while they are counted. */
export interface Tally {
  answered: number;
  loss: RunningMoments;
  value: Money;
  baselineLoss: RunningMoments;
  baselineValue: Money;
  /** Sum of the differences in value. */
  gain: Money;
  /** Model less baseline, of the same answers. */
  lossDifference: RunningMoments;
  valueDifference: RunningMoments;
  readonly labels: number[];
  readonly scores: number[];
}

const CONFIDENCE = 0.95;

/** From here on the interval's normal approximation is trusted; the kernel says the same of two arms. */
const LEAST_PAIRS = 100;

/** Where the sequence is narrowest; fixed before anything is seen, as its proof asks. */
const TIGHTEST_AT = 1_000;

export const method = {
  interval:
    `mean of paired differences with its asymptotic confidence sequence (Waudby-Smith et al. 2024), ` +
    `valid however often one looks; from ${LEAST_PAIRS} pairs on`,
  confidence: CONFIDENCE,
  baseline:
    'a constant: the share of positives among all outcomes that the deployment had received before the answer was ' +
    'given, (positives + 1) / (outcomes + 2), deciding by the same threshold; none before the first outcome',
};

export function emptyTally(): Tally {
  return {
    answered: 0,
    loss: NO_VALUES,
    value: NO_MONEY,
    baselineLoss: NO_VALUES,
    baselineValue: NO_MONEY,
    gain: NO_MONEY,
    lossDifference: NO_VALUES,
    valueDifference: NO_VALUES,
    labels: [],
    scores: [],
  };
}

/** Counts one answer; `base` is the baseline's probability for it. */
export function addAnswer(tally: Tally, row: AnsweredRow, base: number | null, prices: ValueMatrix): void {
  tally.answered += 1;
  if (row.label === null || row.loss === null) return;
  const label = row.label === 1 ? 1 : 0;
  tally.labels.push(label);
  tally.scores.push(row.probability);
  tally.loss = addValue(tally.loss, row.loss);
  if (row.value !== null) tally.value = addMoney(tally.value, row.value);
  if (base === null) return;
  const baselineLoss = logLossOf(label, base);
  tally.baselineLoss = addValue(tally.baselineLoss, baselineLoss);
  tally.lossDifference = addValue(tally.lossDifference, row.loss - baselineLoss);
  if (row.value === null) return;
  const acts = base >= row.threshold;
  // The same decision is worth the same, also where the charter has changed its prices since.
  const baselineValue = acts === (row.decision === 1) ? row.value : valueOf(prices, acts, label);
  tally.baselineValue = addMoney(tally.baselineValue, baselineValue);
  tally.gain = addMoney(tally.gain, row.value - baselineValue);
  tally.valueDifference = addValue(tally.valueDifference, row.value - baselineValue);
}

/** The row as callers see it. What nothing was measured of is null, never 0. */
export function rowOf(place: Place, tally: Tally): ValueRow {
  const { answered, loss, value, baselineLoss, baselineValue, lossDifference } = tally;
  const logLossInterval = intervalOf(lossDifference);
  return {
    ...place,
    answered,
    labelled: loss.count,
    pending: answered - loss.count,
    value: sumOf(value),
    valuePerPrediction: perPrediction(value),
    logLoss: meanOf(loss),
    auc: loss.count === 0 ? null : areaUnderRoc(tally.labels, tally.scores),
    baseline:
      baselineLoss.count === 0
        ? null
        : {
            n: baselineLoss.count,
            value: sumOf(baselineValue),
            valuePerPrediction: perPrediction(baselineValue),
            logLoss: baselineLoss.mean,
          },
    difference: logLossInterval && {
      n: lossDifference.count,
      value: sumOf(tally.gain),
      valuePerPrediction: intervalOf(tally.valueDifference),
      logLoss: logLossInterval,
    },
  };
}

function meanOf({ count, mean }: RunningMoments): number | null {
  return count === 0 ? null : mean;
}

function addMoney({ count, sum }: Money, amount: number): Money {
  return { count: count + 1, sum: sum + amount };
}

function sumOf({ count, sum }: Money): number | null {
  return count === 0 ? null : sum;
}

function perPrediction({ count, sum }: Money): number | null {
  return count === 0 ? null : sum / count;
}

/** Mean with its confidence limits, which too few pairs do not have. */
function intervalOf(differences: RunningMoments): MeanInterval | null {
  const { count, mean } = differences;
  if (count === 0) return null;
  if (count < LEAST_PAIRS) return { mean, lower: null, upper: null };
  const { lower, upper } = confidenceSequence(differences, 1 - CONFIDENCE, TIGHTEST_AT);
  return { mean, lower, upper };
}
