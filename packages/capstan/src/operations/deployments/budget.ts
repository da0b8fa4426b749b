import type { RolloutCheck } from '@capstan/api';
import type { DeploymentSpec } from './spec.ts';

/** What the deployed decisions of a window were worth, beside the baseline's decisions for the same examples. */
export interface RealisedValue {
  /** Labelled answers whose outcome became known in the window. */
  readonly n: number;
  readonly value: number;
  readonly baselineValue: number;
}

/**
 * The loss budget of a charter: what following the model may cost, within any window, beyond what the baseline's
 * decisions would have. Spent = max(0, sum of baseline values - sum of realised values) over the answers whose outcome
 * became known in the window. It is a net sum: a model that errs now and then and gains more in between spends nothing.
 * The window is by the time an outcome became known, since a loss is realised then; labels that come late still count.
 */
export function judgeBudget(budget: NonNullable<DeploymentSpec['lossBudget']>, realised: RealisedValue): RolloutCheck {
  const spent = Math.max(0, realised.baselineValue - realised.value);
  const isExhausted = spent >= budget.amount;
  const hours = budget.windowMs / 3_600_000;
  return {
    check: 'loss-budget',
    status: isExhausted ? 'fail' : realised.n === 0 ? 'unknown' : 'pass',
    value: spent,
    limit: budget.amount,
    n: realised.n,
    reason: `${spent.toFixed(2)} of ${budget.amount} spent in ${hours} h over ${realised.n} answers with an outcome`,
  };
}
