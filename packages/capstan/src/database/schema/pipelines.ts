import type { Generated } from 'kysely';
import type { PipelineRunStatus } from '@capstan/api';

export interface PipelineRunsTable {
  id: string;
  project: string;
  /** 1, 2, … by project. */
  number: number;
  status: PipelineRunStatus;
  phase: 'waiting' | 'workspace' | 'environment' | 'stages' | 'ended';
  reason: string | null;
  /** Revision of the project's declaration. */
  revision: number;
  /** JSON: list of inputs. */
  inputs: string;
  /** JSON: values given for this run, by file and key. */
  params: string;
  cutoff: number | null;
  stage_timeout_ms: number;
  code_digest: string | null;
  git_commit: string | null;
  environment_key: string | null;
  environment_log: string | null;
  /** JSON list of `MODEL/VERSION`; empty until the run has ended. */
  model_versions: string;
  /** One run for each key that callers give, by project. */
  request_key: string | null;
  cancel_requested_at: number | null;
  /** Claim of the job that may write; a write with an older one is refused. */
  fence: number;
  /** Name of what its commands run on. */
  executor: string;
  /** 1: after a failure all but what depends on it goes on. */
  keeps_going: number;
  /** Commit that its code was asked from, whole; null: the project's folder as it was. */
  from_commit: string | null;
  /** The run that it tries anew. */
  retry_of: string | null;
  /** Stage that runs whatever is stored of it, and so do those that read from it. */
  forced_from: string | null;
  actor: string;
  cycle: string | null;
  created_at: number;
  started_at: number | null;
  ended_at: number | null;
  source: Generated<'server' | 'checkout'>;
  /** JSON: where a checkout's run was made. */
  place: Generated<string | null>;
  /** How many facts a checkout has told; null for the server's own. */
  facts: Generated<number | null>;
  /** When a checkout was heard of last. */
  heard_at: Generated<number | null>;
}

export interface PipelineStagesTable {
  pipeline_run: string;
  name: string;
  project: string;
  position: number;
  status: 'waiting' | 'running' | 'succeeded' | 'failed' | 'cancelled' | 'skipped';
  is_cached: number;
  description: string | null;
  command: string;
  /** JSON lists. */
  after: string;
  inputs: string;
  outputs: string;
  why: string;
  reason: string | null;
  /** The stage that it was skipped for. */
  because: string | null;
  /** The stored result the stage has ended with. */
  result: string | null;
  /** Experiment run that made it. */
  run_id: string | null;
  ended_at: number | null;
  /** JSON: what a checkout told of it. */
  report: Generated<string | null>;
}

export interface StageAttemptsTable {
  id: string;
  pipeline_run: string;
  stage: string;
  number: number;
  status: 'running' | 'succeeded' | 'failed' | 'timed-out' | 'cancelled' | 'lost';
  reason: string | null;
  run_id: string | null;
  /** 1 once the experiment run has been told of the end. */
  is_run_ended: number;
  started_at: number;
  ended_at: number | null;
  exit_code: number | null;
  signal: string | null;
  duration_ms: number | null;
  cpu_ms: number | null;
  peak_memory_bytes: number | null;
  log_digest: string | null;
  /** That it ran on, as its executor calls it; null for this one. */
  machine: string | null;
}

/** What finished stages left, by DVC's key of command, inputs and parameters. */
export interface StageResultsTable {
  id: string;
  project: string;
  stage: string;
  result_key: string;
  environment_key: string;
  /** Lock entry in the format's own text. */
  entry: string;
  /** JSON: list of stored outputs. */
  outputs: string;
  attempt: string;
  run_id: string | null;
  /** JSON list of `MODEL/VERSION` that the attempt registered. */
  model_versions: string;
  created_at: number;
}

/** What attempts of checkouts print, until it is whole and kept as a blob. */
export interface AttemptLogPiecesTable {
  attempt: string;
  /** Bytes before it. */
  start: number;
  size_bytes: number;
  bytes: Uint8Array;
}

export interface PipelinesSchema {
  attempt_log_pieces: AttemptLogPiecesTable;
  pipeline_runs: PipelineRunsTable;
  pipeline_stages: PipelineStagesTable;
  stage_attempts: StageAttemptsTable;
  stage_results: StageResultsTable;
}
