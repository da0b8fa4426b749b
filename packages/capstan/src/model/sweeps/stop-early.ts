import type { Cause } from '#kernel/cause';
import type { SweepsDeps } from './deps.ts';
import { curvesOf } from './measure.ts';
import { medianBetter, type Curve } from './model.ts';
import { cancelRun } from './start-trials.ts';
import * as store from './store.ts';
import { earlyStoppingOf } from './views.ts';

/** Ends the trials that the median rule gives up, by what all have logged so far. */
export async function stopEarly(
  deps: SweepsDeps,
  row: store.SweepRow,
  trials: readonly store.TrialRow[],
  cause: Cause,
): Promise<void> {
  const rule = earlyStoppingOf(row);
  if (rule === null) return;
  const running = trials.filter(({ state }) => state === 'running');
  const runs = await Promise.all(running.map(({ pipeline_run: run }) => deps.pipelines.get(run ?? '')));
  const live = await curvesOf(deps.experiments, runs, row.metric);
  const curves = trials.map((trial): readonly [store.TrialRow, Curve] => [
    trial,
    live.get(trial.pipeline_run ?? '') ?? (JSON.parse(trial.curve) as Curve),
  ]);
  for (const [trial, curve] of curves) {
    if (trial.state !== 'running' || trial.pipeline_run === null) continue;
    if (trial.is_stopping === 0) {
      const others = curves.filter(([other]) => other !== trial).map(([, other]) => other);
      const found = medianBetter({ ...rule, goal: row.goal }, curve, others);
      if (!found) continue;
      const reason = `${figure(found.value)} at step ${found.step} is worse than the median of the others, ${figure(found.median)}`;
      await deps.database.write((writer) => store.changeTrial(writer, trial, { is_stopping: 1, reason }));
    }
    await cancelRun(deps, trial.pipeline_run, cause);
  }
}

function figure(value: number): string {
  return String(Number(value.toPrecision(5)));
}
