import type { RolloutCheck } from '@capstan/api';
import type { Writer } from '#database';
import type { Cause } from '#kernel/cause';
import { notFound } from '#kernel/errors';
import { judgeBudget, type RealisedValue } from './budget.ts';
import { endByHand } from './change-rollout.ts';
import { inProject } from './model.ts';
import { progressOf } from './progress.ts';
import { publish } from './publish.ts';
import type { DeploymentsDeps } from './deps.ts';
import { declaredSpec } from './spec.ts';
import * as store from './store.ts';

/** Since when outcomes count against the budget: its window, but nothing from before the breaker was last closed. */
export async function budgetWindow(deps: DeploymentsDeps, name: string): Promise<{ since: number } | null> {
  const row = await store.getDeployment(deps.database.read, name);
  const budget = row && (await declaredSpec(deps.specs, name))?.lossBudget;
  if (!row || !budget || row.breaker_state === 'open') return null;
  return { since: Math.max(deps.clock.now() - budget.windowMs, row.breaker_changed_at ?? 0) };
}

/** Opens the breaker when the budget is spent. Returns what was judged, or null where there is no budget to judge. */
export async function judgeLossBudget(
  deps: DeploymentsDeps,
  name: string,
  realised: RealisedValue,
  cause: Cause,
): Promise<RolloutCheck | null> {
  const budget = (await declaredSpec(deps.specs, name))?.lossBudget;
  if (!budget) return null;
  const check = judgeBudget(budget, realised);
  if (check.status !== 'fail') return check;
  await setBreaker(deps, name, 'open', `loss budget: ${check.reason}`, cause, {
    spent: check.value ?? 0,
    amount: budget.amount,
    n: check.n,
  });
  return check;
}

/** Opens or closes; the state it has already is no error and no fact. @throws DomainError NOT_FOUND */
export async function setBreaker(
  deps: DeploymentsDeps,
  name: string,
  state: 'open' | 'closed',
  reason: string,
  cause: Cause,
  evidence: { readonly spent?: number; readonly amount?: number; readonly n?: number } = {},
): Promise<void> {
  await deps.database.write(async (writer) => {
    const row = await store.getDeployment(writer, name);
    if (!row) throw notFound('deployment', name);
    if (row.breaker_state === state) return;
    await store.updateDeployment(writer, name, {
      breaker_state: state,
      breaker_reason: state === 'open' ? reason : null,
      breaker_changed_at: deps.clock.now(),
    });
    const about = { ...inProject(row.project), subject: `deployment:${name}` };
    const fact =
      state === 'open'
        ? await deps.events.append(writer, cause, {
            ...about,
            type: 'breaker.opened',
            payload: { deployment: name, mode: row.breaker_mode, reason, ...evidence },
          })
        : await deps.events.append(writer, cause, {
            ...about,
            type: 'breaker.closed',
            payload: { deployment: name, reason },
          });
    if (state === 'open') await endOpenRollout(deps, writer, name, reason, { ...cause, causationSeq: fact.seq });
    await publish(writer);
  });
}

/** What was lost may be the canary's doing; a later candidate is compared with the fallback. */
async function endOpenRollout(
  deps: DeploymentsDeps,
  writer: Writer,
  name: string,
  reason: string,
  cause: Cause,
): Promise<void> {
  const open = await store.openRollout(writer, name);
  if (open)
    await endByHand(deps, writer, open, progressOf(open), `the breaker opened: ${reason}`, cause, 'loss-budget');
}
