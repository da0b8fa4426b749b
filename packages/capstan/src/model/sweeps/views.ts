import type { EarlyStopping, Sweep, SweepSpace, SweepSummary, SweepValue, Trial, TrialState } from '@capstan/api';
import { importanceOf } from './importance.ts';
import type { SweepRow, TrialRow } from './store.ts';

const NONE: Readonly<Record<TrialState, number>> = {
  waiting: 0,
  running: 0,
  succeeded: 0,
  failed: 0,
  stopped: 0,
  cancelled: 0,
};

export function pointOf(row: Pick<TrialRow, 'params'>): Record<string, SweepValue> {
  return JSON.parse(row.params) as Record<string, SweepValue>;
}

export function spaceOf(row: Pick<SweepRow, 'space'>): SweepSpace {
  return JSON.parse(row.space) as SweepSpace;
}

export function earlyStoppingOf(row: Pick<SweepRow, 'early_stopping'>): EarlyStopping | null {
  return row.early_stopping === null ? null : (JSON.parse(row.early_stopping) as EarlyStopping);
}

/** Rows as callers see them. */
function trialOf(row: TrialRow): Trial {
  return {
    number: row.number,
    state: row.state,
    params: pointOf(row),
    value: row.value,
    step: row.step,
    reason: row.reason,
    pipelineRun: row.pipeline_run,
    runId: row.run_id,
    startedAt: row.started_at,
    endedAt: row.ended_at,
  };
}

export function summaryOf(
  row: SweepRow,
  counts: readonly { readonly state: TrialState; readonly count: number }[],
  best: TrialRow | undefined,
): SweepSummary {
  return {
    id: row.id,
    project: row.project,
    number: row.number,
    state: row.state,
    reason: row.reason,
    method: row.method,
    metric: { name: row.metric, goal: row.goal },
    maxTrials: row.max_trials,
    trials: { ...NONE, ...Object.fromEntries(counts.map(({ state, count }) => [state, count])) },
    best: best ? trialOf(best) : null,
    actor: row.actor,
    createdAt: row.created_at,
    startedAt: row.started_at,
    endedAt: row.ended_at,
  };
}

export function sweepOf(row: SweepRow, trials: readonly TrialRow[]): Sweep {
  const counts = trials.map(({ state }) => ({ state, count: trials.filter((trial) => trial.state === state).length }));
  const items = trials.map(trialOf);
  const space = spaceOf(row);
  return {
    ...summaryOf(
      row,
      counts,
      trials.find(({ number }) => number === row.best_trial),
    ),
    params: space,
    parallel: row.parallel,
    earlyStopping: earlyStoppingOf(row),
    seed: row.seed,
    timeLimitMs: row.time_limit_ms,
    maxFailedShare: row.max_failed_share,
    importance: importanceOf(space, items),
    items,
  };
}
