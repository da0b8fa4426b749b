import type { CycleState, CycleStepName, CycleTrigger } from '@capstan/api';

export interface CyclesTable {
  id: string;
  project: string;
  /** 1, 2, … by project. */
  number: number;
  state: CycleState;
  trigger_kind: CycleTrigger['kind'];
  trigger_reason: string;
  trigger_at: number;
  /** What the step under way waits for, or why the turn ended. */
  reason: string | null;
  /** Event time of the evaluation rows. */
  window_from: number | null;
  window_before: number | null;
  /** Dataset version of all labelled predictions, from which evaluation and training are cut. */
  labelled: string | null;
  evaluation: string | null;
  /** JSON: dataset versions that the training reads. */
  training: string;
  baseline_probability: number | null;
  pipeline_run: string | null;
  model: string | null;
  version: number | null;
  verdict: string | null;
  deployment: string | null;
  rollout: string | null;
  /** The last fact of this turn: what happens next is caused by it. */
  last_event: number;
  started_at: number;
  ended_at: number | null;
}

/** One row for each step and for each decision in it. */
export interface CycleStepsTable {
  cycle: string;
  seq: number;
  step: CycleStepName;
  /** Null for the step as a whole. */
  decision: string | null;
  status: 'running' | 'pass' | 'fail' | 'unknown';
  /** JSON: number, text or null. */
  value: string;
  limit_value: string;
  n: number | null;
  /** JSON: list of {kind, id}. */
  evidence: string;
  reason: string | null;
  started_at: number;
  ended_at: number | null;
}

/** Every trigger that the policy has judged, by a key that is the same when it is seen again. */
export interface CycleTriggersTable {
  project: string;
  trigger_key: string;
  kind: CycleTrigger['kind'];
  trigger_reason: string;
  trigger_at: number;
  /** The turn it began. */
  cycle: string | null;
  reason: string;
  /** JSON: list of policy checks. */
  checks: string;
  /** Number of the fact that says what was decided: the order of decisions. */
  event_seq: number;
  considered_at: number;
}

export interface RetrainingSchema {
  cycles: CyclesTable;
  cycle_steps: CycleStepsTable;
  cycle_triggers: CycleTriggersTable;
}
