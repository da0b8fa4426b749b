import type { EvidenceRef } from '@capstan/api';
import { pairedMeanDifference } from '#kernel/statistics/mean-difference';
import { valueOf, type ValueMatrix } from '#operations/deployments';
import { clear, owed, PERIOD_DAYS, unmeasured, type Finding } from './model.ts';

export interface DecidedExample {
  readonly probability: number;
  readonly label: 0 | 1;
}

export interface ThresholdFacts {
  readonly deployment: string;
  /** Answers of the period with their outcome, oldest first. */
  readonly examples: readonly DecidedExample[];
  readonly answersInPeriod: number;
  /** Of the champion. */
  readonly threshold: number;
  readonly prices: ValueMatrix;
  readonly currency: string;
}

const LEAST_EXAMPLES = 1_000;
const CANDIDATES = 200;

/**
 * What a fixed threshold costs ("fixed thresholds in dynamic systems", Sculley et al. 2015, section 7). The best threshold
 * is chosen on the older half and its gain is measured on the newer one, since the best of the rows it was chosen on is
 * always better.
 */
export function judgeThreshold(facts: ThresholdFacts): Finding {
  const { deployment, examples, threshold, currency } = facts;
  const named = {
    key: `threshold-regret:${deployment}`,
    detector: 'threshold-regret',
    title: `Regret of the fixed threshold of ${deployment}`,
    evidence: [{ kind: 'deployment', id: deployment } satisfies EvidenceRef],
  } as const;
  if (examples.length < LEAST_EXAMPLES) {
    const reason = `${examples.length} answers with outcome in ${PERIOD_DAYS} d, at least ${LEAST_EXAMPLES} are needed`;
    return unmeasured({ ...named, reason, repay: `Report outcomes: POST /api/v1/deployments/${deployment}/outcomes.` });
  }
  const half = Math.floor(examples.length / 2);
  const best = bestThreshold(examples.slice(0, half), facts.prices);
  const newer = examples.slice(half);
  const { mean, spread } = pairedMeanDifference(
    newer.map(decidedBy(best, facts.prices)),
    newer.map(decidedBy(threshold, facts.prices)),
  );
  const limits = spread ? ` [${spread.lower.toFixed(3)}, ${spread.upper.toFixed(3)}]` : '';
  const gain = `${best.toFixed(3)} instead of ${threshold.toFixed(3)}: ${mean.toFixed(3)}${limits} ${currency} an answer, n ${newer.length}`;
  if (!spread || spread.lower <= 0)
    return clear({ ...named, reason: `no other threshold is shown to be better; ${gain}` });
  return owed({
    ...named,
    reason: gain,
    principal: { value: 1, unit: 'constant', how: 'thresholds that are set once and not measured again' },
    interest: {
      value: mean * facts.answersInPeriod,
      unit: `${currency} in ${PERIOD_DAYS} d`,
      how: `${mean.toFixed(3)} ${currency} an answer, ${facts.answersInPeriod} answers`,
    },
    repay: `Roll the version out with threshold ${best.toFixed(3)}: POST /api/v1/deployments/${deployment}/rollouts.`,
  });
}

function bestThreshold(examples: readonly DecidedExample[], prices: ValueMatrix): number {
  const sorted = examples.map(({ probability }) => probability).toSorted((a, b) => a - b);
  const step = Math.max(1, Math.floor(sorted.length / CANDIDATES));
  let best = { threshold: 0.5, value: Number.NEGATIVE_INFINITY };
  for (let index = 0; index < sorted.length; index += step) {
    const threshold = sorted[index] ?? 0.5;
    const worth = decidedBy(threshold, prices);
    const value = examples.reduce((sum, example) => sum + worth(example), 0);
    if (value > best.value) best = { threshold, value };
  }
  return best.threshold;
}

function decidedBy(threshold: number, prices: ValueMatrix): (example: DecidedExample) => number {
  return ({ probability, label }) => valueOf(prices, probability >= threshold, label);
}
