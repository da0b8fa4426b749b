import type {
  PipelineRun,
  PipelineRunInput,
  PipelineRunStage,
  PipelineRunSummary,
  ReportedPlace,
  StageAttempt,
  StageReason,
  StageReport,
} from '@capstan/api';
import type { ParamOverrides } from '#kernel/pipeline-definition';
import { reasonText, type Reason } from '#kernel/stage-reasons';
import { isLost } from './reported/report-model.ts';
import type * as store from './store.ts';

/** Rows as callers see them. */
export function summaryOf(row: store.RunRow, now: number): PipelineRunSummary {
  return {
    id: row.id,
    project: row.project,
    source: row.source,
    place: row.place === null ? null : (JSON.parse(row.place) as ReportedPlace),
    isLost: isLost(row, now),
    number: row.number,
    status: row.status,
    phase: row.phase,
    reason: row.reason,
    cutoff: row.cutoff,
    cycle: row.cycle,
    actor: row.actor,
    modelVersions: JSON.parse(row.model_versions) as string[],
    createdAt: row.created_at,
    startedAt: row.started_at,
    endedAt: row.ended_at,
  };
}

export function runOf(
  row: store.RunRow,
  stages: readonly store.StageRow[],
  attempts: readonly store.AttemptRow[],
  now: number,
): PipelineRun {
  return {
    ...summaryOf(row, now),
    revision: row.revision,
    inputs: JSON.parse(row.inputs) as PipelineRunInput[],
    params: JSON.parse(row.params) as ParamOverrides as PipelineRun['params'],
    codeDigest: row.code_digest,
    gitCommit: row.git_commit,
    environmentKey: row.environment_key,
    executor: row.executor,
    stageTimeoutMs: row.stage_timeout_ms,
    fromCommit: row.from_commit,
    forcedFrom: row.forced_from,
    retryOf: row.retry_of,
    keepGoing: row.keeps_going === 1,
    isCancelRequested: row.cancel_requested_at !== null,
    stages: stages.map((stage) =>
      stageOf(
        stage,
        attempts.filter((attempt) => attempt.stage === stage.name),
      ),
    ),
  };
}

function stageOf(row: store.StageRow, attempts: readonly store.AttemptRow[]): PipelineRunStage {
  return {
    name: row.name,
    description: row.description,
    command: row.command,
    after: JSON.parse(row.after) as string[],
    inputs: JSON.parse(row.inputs) as string[],
    outputs: JSON.parse(row.outputs) as string[],
    status: row.status,
    isCached: row.is_cached === 1,
    why: (JSON.parse(row.why) as (Reason | StageReason)[]).map(withText),
    reason: row.reason,
    because: row.because,
    runId: row.run_id,
    report: row.report === null ? null : (JSON.parse(row.report) as StageReport),
    attempts: attempts.map(attemptOf),
  };
}

/** What a checkout told has its sentence. */
function withText(reason: Reason | StageReason): StageReason {
  return 'text' in reason ? reason : { ...reason, text: reasonText(reason) };
}

function attemptOf(row: store.AttemptRow): StageAttempt {
  return {
    id: row.id,
    number: row.number,
    status: row.status,
    reason: row.reason,
    runId: row.run_id,
    startedAt: row.started_at,
    endedAt: row.ended_at,
    exitCode: row.exit_code,
    signal: row.signal,
    durationMs: row.duration_ms,
    cpuMs: row.cpu_ms,
    peakMemoryBytes: row.peak_memory_bytes,
    machine: row.machine,
  };
}
