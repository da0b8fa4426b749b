import { errorCodes } from '@capstan/api';
import type { Cause } from '#kernel/cause';
import { DomainError } from '#kernel/errors';
import { assertTransition } from '#kernel/state-machine';
import type { SweepsDeps } from './deps.ts';
import { trialTransitions } from './model.ts';
import { endTrial } from './settle-trials.ts';
import { overridesOf } from './space.ts';
import * as store from './store.ts';
import { pointOf } from './views.ts';

/** Starts the pipeline for each trial that has been decided on. Returns whether there was one. */
export async function startWaiting(deps: SweepsDeps, row: store.SweepRow, cause: Cause): Promise<boolean> {
  const waiting = (await store.listTrials(deps.database.read, row.id)).filter(({ state }) => state === 'waiting');
  for (const trial of waiting) {
    try {
      await startTrial(deps, row, trial, cause);
    } catch (error) {
      if (!(error instanceof DomainError) || errorCodes[error.code].isRetryable || error.code === 'INTERNAL')
        throw error;
      const none = { value: null, step: null, run_id: null, curve: '[]' };
      await endTrial(deps, row, trial, { ...none, state: 'failed', reason: error.message }, cause);
    }
  }
  return waiting.length > 0;
}

async function startTrial(deps: SweepsDeps, row: store.SweepRow, trial: store.TrialRow, cause: Cause): Promise<void> {
  const point = pointOf(trial);
  const run = await deps.pipelines.start({
    project: row.project,
    inputs: [],
    params: overridesOf(point),
    stageTimeoutMs: row.stage_timeout_ms ?? undefined,
    // Started again after a kill, it is the same run.
    requestKey: `sweep:${row.id}:${trial.number}`,
    cause,
  });
  assertTransition(trialTransitions, `trial ${trial.number}`, trial.state, 'running');
  await deps.database.write(async (writer) => {
    const change = { state: 'running', pipeline_run: run.id, started_at: deps.clock.now() } as const;
    if (!(await store.changeTrial(writer, trial, change))) return;
    await deps.events.append(writer, cause, {
      type: 'sweep.trial-started',
      project: row.project,
      subject: `sweep:${row.id}`,
      payload: { sweep: row.id, number: row.number, trial: trial.number, params: point, pipelineRun: run.id },
    });
  });
}

/** Ends the pipeline runs of the trials that run. Their ends are heard of as of any others. */
export async function cancelRuns(deps: SweepsDeps, row: store.SweepRow, cause: Cause): Promise<void> {
  for (const trial of await store.listTrials(deps.database.read, row.id)) {
    if (trial.state === 'running' && trial.pipeline_run !== null) await cancelRun(deps, trial.pipeline_run, cause);
  }
}

export async function cancelRun({ pipelines }: SweepsDeps, run: string, cause: Cause): Promise<void> {
  try {
    await pipelines.cancel(run, cause);
  } catch (error) {
    // It has ended by itself.
    if (!(error instanceof DomainError) || error.code !== 'CONFLICT') throw error;
  }
}
