import type { Cause } from '#kernel/cause';
import type { DeploymentsDeps } from './deps.ts';
import { inProject } from './model.ts';
import { publish } from './publish.ts';
import * as store from './store.ts';

/** What is to be recalibrated, and by what. */
export interface RecalibrationPlan {
  readonly windowMs: number;
  readonly priorRows: number;
  /** The champion, and the candidate of a rollout under way. */
  readonly revisions: readonly number[];
}

/** The shift of one revision, with what it was fitted to. */
export interface FittedShift {
  readonly revision: number;
  readonly shift: number;
  readonly from: number;
  readonly before: number;
  readonly rows: number;
  readonly answeredLoss: number;
  readonly modelLoss: number;
}

/** Null where none is declared or nothing is served. */
export async function recalibrationPlan(deps: DeploymentsDeps, name: string): Promise<RecalibrationPlan | null> {
  const spec = (await deps.specs.all()).find(({ deployment }) => deployment === name);
  const row = await store.getDeployment(deps.database.read, name);
  if (!spec?.recalibration || !row) return null;
  const open = await store.openRollout(deps.database.read, name);
  const revisions = [row.champion, open?.revision].filter((revision) => typeof revision === 'number');
  const { windowMs, priorRows } = spec.recalibration;
  return { windowMs, priorRows, revisions: [...new Set(revisions)] };
}

/** Keeps the shifts, tells data planes, and says so in the record. The same again at the same time has no effect. */
export async function recalibrate(
  deps: DeploymentsDeps,
  name: string,
  fitted: readonly FittedShift[],
  cause: Cause,
): Promise<void> {
  await deps.database.write(async (writer) => {
    const now = deps.clock.now();
    const row = await store.getDeployment(writer, name);
    if (!row) return;
    const known = await store.latestRecalibrations(writer, name);
    const news = fitted.filter(({ revision }) => known.get(revision)?.fitted_at !== now);
    for (const { revision, shift, rows, from, before, answeredLoss, modelLoss } of news) {
      await store.insertRecalibration(writer, {
        deployment: name,
        revision,
        shift,
        fitted_at: now,
        window_from: from,
        window_before: before,
        rows,
        answered_loss: answeredLoss,
        model_loss: modelLoss,
      });
      await deps.events.append(writer, cause, {
        ...inProject(row.project),
        subject: `revision:${name}/${revision}`,
        type: 'deployment.recalibrated',
        payload: { deployment: name, revision, shift, rows, answeredLoss, modelLoss },
      });
    }
    if (news.length > 0) await publish(writer);
  });
}
