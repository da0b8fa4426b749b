import type { EvidenceRef } from '@capstan/api';
import type { ValueMatrix } from '#operations/deployments';
import { clear, owed, PERIOD_DAYS, unmeasured, type Finding } from './model.ts';

export interface LimitFacts {
  readonly deployment: string;
  readonly budget: { readonly amount: number; readonly windowMs: number } | null;
  /** Data planes that report and follow the snapshot: they are who stops. */
  readonly currentReplicas: number;
  readonly answersInPeriod: number;
  readonly prices: ValueMatrix;
  readonly currency: string;
}

/** Decisions that nothing stops when they go wrong ("action limits", Sculley et al. 2015, section 7). */
export function judgeLimit(facts: LimitFacts): Finding {
  const { deployment, budget, currency, currentReplicas } = facts;
  const named = {
    key: `missing-limit:${deployment}`,
    detector: 'missing-limit',
    title: `Limit on what ${deployment} may lose`,
    evidence: [{ kind: 'deployment', id: deployment } satisfies EvidenceRef],
  } as const;
  if (budget && currentReplicas > 0) {
    const days = (budget.windowMs / 86_400_000).toFixed(1);
    const reason = `a breaker opens when ${budget.amount} ${currency} are lost in ${days} d; data planes that follow it: ${currentReplicas}`;
    return clear({ ...named, reason });
  }
  if (budget) {
    const reason = 'a loss budget is declared, and no data plane reports that it follows it';
    return unmeasured({ ...named, reason, repay: 'Start a data plane: capstan serve.' });
  }
  const worst = worstOf(facts.prices);
  const aDay = facts.answersInPeriod / PERIOD_DAYS;
  return owed({
    ...named,
    reason: 'the charter has no loss_budget: nothing stops a model that goes wrong',
    principal: {
      value: worst * aDay,
      unit: `${currency} a day at worst`,
      how: `${worst} ${currency} between the best and the worst decision, ${aDay.toFixed(0)} answers a day`,
    },
    interest: null,
    repay: 'Add loss_budget: {amount: …, window: 24h, on_exhausted: fallback} to the charter and apply it.',
  });
}

/** The most that one decision can lose against the other one. */
function worstOf({ truePositive, falsePositive, falseNegative, trueNegative }: ValueMatrix): number {
  return Math.max(Math.abs(truePositive - falseNegative), Math.abs(trueNegative - falsePositive));
}
