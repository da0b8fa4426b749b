import type { PipelineRun } from '@capstan/api';
import type { Writer } from '#database';
import type { Cause } from '#kernel/cause';
import { assertTransition } from '#kernel/state-machine';
import type { SweepsDeps } from './deps.ts';
import { curvesOf, measure } from './measure.ts';
import { trialTransitions, type Curve } from './model.ts';
import * as store from './store.ts';

type EndedRun = PipelineRun & { readonly status: 'succeeded' | 'failed' | 'cancelled' };

function isEnded(run: PipelineRun): run is EndedRun {
  return run.status !== 'queued' && run.status !== 'running';
}

/** Gives the trials whose pipeline run has ended their value, or why they have none. */
export async function settleTrials(deps: SweepsDeps, row: store.SweepRow, cause: Cause): Promise<void> {
  const trials = await store.listTrials(deps.database.read, row.id);
  for (const trial of trials) {
    if (trial.state !== 'running' || trial.pipeline_run === null) continue;
    const run = await deps.pipelines.get(trial.pipeline_run);
    if (isEnded(run)) await endTrial(deps, row, trial, await endOf(deps, row, trial, run), cause);
  }
}

async function endOf(
  { experiments }: SweepsDeps,
  row: store.SweepRow,
  trial: store.TrialRow,
  run: EndedRun,
): Promise<store.EndOfTrial> {
  const isWatched = row.early_stopping !== null;
  const curve: Curve = isWatched ? ((await curvesOf(experiments, [run], row.metric)).get(run.id) ?? []) : [];
  const none = { value: null, step: null, run_id: null, curve: JSON.stringify(curve) };
  if (run.status === 'failed') return { ...none, state: 'failed', reason: run.reason };
  if (run.status === 'cancelled') {
    if (trial.is_stopping === 0) return { ...none, state: 'cancelled', reason: null };
    const [step, value] = curve.at(-1) ?? [null, null];
    return { ...none, state: 'stopped', value, step, reason: trial.reason };
  }
  const measured = await measure(experiments, run, row.metric);
  if (typeof measured === 'string') return { ...none, state: 'failed', reason: measured };
  const { value, step, runId } = measured;
  return { ...none, state: 'succeeded', value, step, run_id: runId, reason: null };
}

/** Writes a trial's end with the fact of it, once; the sweep's best follows. */
export async function endTrial(
  deps: SweepsDeps,
  row: store.SweepRow,
  trial: store.TrialRow,
  end: store.EndOfTrial,
  cause: Cause,
): Promise<void> {
  await deps.database.write(async (writer: Writer) => {
    // First, so that the ends of two trials stand one after the other, and who decides knows of both.
    await store.countOn(writer, row.id);
    assertTransition(trialTransitions, `trial ${trial.number}`, trial.state, end.state);
    if (!(await store.changeTrial(writer, trial, { ...end, ended_at: deps.clock.now() }))) return;
    await store.updateBest(writer, row);
    await deps.events.append(writer, cause, {
      type: 'sweep.trial-ended',
      project: row.project,
      subject: `sweep:${row.id}`,
      payload: {
        sweep: row.id,
        number: row.number,
        trial: trial.number,
        outcome: end.state,
        ...(end.value !== null && { value: end.value }),
        ...(end.reason !== null && { reason: end.reason }),
      },
    });
  });
}
