import type { Database } from '#database';
import type { Cause } from '#kernel/cause';
import type { Deployments } from '#operations/deployments';
import type { Clock } from '#ports/clock';
import { realisedValue } from './evidence.store.ts';
import { nextEvidence } from './evidence.ts';
import { labelRate } from './store.ts';

export interface JudgeDeps {
  readonly database: Database;
  readonly deployments: Deployments;
  readonly clock: Clock & { readonly kind: 'system' | 'simulated' };
}

const EVER = Number.MAX_SAFE_INTEGER;

/** Outcomes from which the baseline's constant is measured where nobody has given it. */
const LEAST_OUTCOMES = 200;

/**
 * Brings what is logged about a deployment to its rollout and its loss budget. Run after each segment and each batch of
 * outcomes; runs that come too often, too late or at the same time change nothing. On a simulated clock an instant is
 * judged once it is over, since what is still to come of it could change the order: time has moved on, or the caller
 * says that it is complete.
 */
export async function judgeDeployment(
  deps: JudgeDeps,
  deployment: string,
  isInstantComplete: boolean,
  cause: Cause,
): Promise<void> {
  const isOver = deps.clock.kind === 'system' || isInstantComplete;
  const horizon = isOver ? EVER : deps.clock.now() - 1;
  await judgeRollout(deps, deployment, horizon, cause);
  await measureBaseline(deps, deployment, horizon, cause);
  const window = await deps.deployments.budgetWindow(deployment);
  if (!window) return;
  const realised = await realisedValue(deps.database.read, deployment, window.since, horizon);
  await deps.deployments.judgeLossBudget(deployment, realised, cause);
}

async function judgeRollout(
  { database, deployments }: JudgeDeps,
  deployment: string,
  horizon: number,
  cause: Cause,
): Promise<void> {
  let cursor = await deployments.evidenceCursor(deployment);
  while (cursor) {
    const batch = await nextEvidence(database.read, cursor, horizon);
    cursor = await deployments.advance(cursor, batch.items, batch.upTo, cause);
    if (batch.isLast) return;
  }
}

async function measureBaseline(
  { database, deployments }: JudgeDeps,
  deployment: string,
  horizon: number,
  cause: Cause,
): Promise<void> {
  const { baselineProbability } = await deployments.pricing(deployment);
  if (baselineProbability !== null) return;
  const { n, rate } = await labelRate(database.read, deployment, horizon);
  if (n < LEAST_OUTCOMES) return;
  await deployments.setBaseline(deployment, rate, `the share of positives among the first ${n} outcomes`, cause);
}
