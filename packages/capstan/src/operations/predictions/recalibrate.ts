import type { Database } from '#database';
import type { Cause } from '#kernel/cause';
import { fitShift, shiftedProbability } from '#kernel/statistics/recalibration';
import type { Deployments, FittedShift } from '#operations/deployments';
import type { Clock } from '#ports/clock';
import { logLoss } from './model.ts';
import { labelledOf, type RevisionAnswer } from './queries.store.ts';

export interface RecalibrateDeps {
  readonly database: Database;
  readonly deployments: Deployments;
  readonly clock: Clock;
}

/**
 * Fits the log odds of what is served to the outcomes of late: for the champion and the candidate under way, each by the
 * answers that it gave itself. Nothing happens where no recalibration is declared, or no outcome is known.
 */
export async function recalibrateDeployment(deps: RecalibrateDeps, deployment: string, cause: Cause): Promise<void> {
  const plan = await deps.deployments.recalibrationPlan(deployment);
  if (!plan) return;
  const before = deps.clock.now();
  const window = { deployment, from: before - plan.windowMs, to: before };
  const fitted: FittedShift[] = [];
  for (const revision of plan.revisions) {
    const answers = await labelledOf(deps.database.read, { ...window, revision });
    if (answers.length === 0) continue;
    fitted.push({ revision, from: window.from, before, ...fit(answers, plan.priorRows) });
  }
  await deps.deployments.recalibrate(deployment, fitted, cause);
}

function fit(answers: readonly RevisionAnswer[], priorRows: number) {
  let answered = 0;
  let alone = 0;
  const examples = answers.map(({ probability, shift, label }) => {
    const ofModel = shiftedProbability(probability, -shift);
    answered += logLoss(probability, label);
    alone += logLoss(ofModel, label);
    return { probability: ofModel, label };
  });
  const rows = answers.length;
  return { shift: fitShift(examples, priorRows), rows, answeredLoss: answered / rows, modelLoss: alone / rows };
}
