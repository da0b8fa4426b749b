import type { SweepGoal, SweepMethod, SweepState, TrialState } from '@capstan/api';

export interface SweepsTable {
  id: string;
  project: string;
  /** 1, 2, … by project. */
  number: number;
  state: SweepState;
  reason: string | null;
  method: SweepMethod;
  /** JSON: what each parameter may be. */
  space: string;
  metric: string;
  goal: SweepGoal;
  max_trials: number;
  parallel: number;
  /** JSON, or null for none. */
  early_stopping: string | null;
  seed: number;
  time_limit_ms: number | null;
  /** Real time by which it ends; null until it runs, and without a limit. */
  deadline: number | null;
  max_failed_share: number;
  stage_timeout_ms: number | null;
  /** One sweep for each key that callers give, by project. */
  request_key: string | null;
  /** Counts changes: who decides on an older one is refused. */
  version: number;
  /** Number of the best trial so far. */
  best_trial: number | null;
  actor: string;
  created_at: number;
  started_at: number | null;
  ended_at: number | null;
}

export interface SweepTrialsTable {
  sweep: string;
  /** 1, 2, … by sweep. */
  number: number;
  state: TrialState;
  /** JSON: value by parameter. */
  params: string;
  value: number | null;
  step: number | null;
  reason: string | null;
  /** Null until it is started. */
  pipeline_run: string | null;
  run_id: string | null;
  /** 1 once the median rule has decided to end it. */
  is_stopping: number;
  /** JSON: list of [step, value], a sample of what was logged. */
  curve: string;
  started_at: number | null;
  ended_at: number | null;
}

export interface SweepsSchema {
  sweeps: SweepsTable;
  sweep_trials: SweepTrialsTable;
}
