import type { ReportedPlace, StageReport } from '@capstan/api';
import type { Cause } from '#kernel/cause';
import type { Digest } from '#ports/blob-store';
import type { ReportedRunsDeps } from './report-run.ts';
import * as store from '../store.ts';

/**
 * Makes an experiment run of what a stage of a checkout measured, as of the server's own: its parameters, metrics and log.
 * Every step may be taken again.
 */
export async function trackReported(deps: ReportedRunsDeps, attemptId: string, cause: Cause): Promise<void> {
  const { database, tracker, blobs } = deps;
  const attempt = await store.findAttempt(database.read, attemptId);
  const row = attempt && (await store.findRun(database.read, attempt.pipeline_run));
  const stages = attempt ? await store.listStages(database.read, attempt.pipeline_run) : [];
  const stage = stages.find(({ name }) => name === attempt?.stage);
  if (!attempt || !row || stage?.report == null) return;
  const report = JSON.parse(stage.report) as StageReport;
  const at = attempt.ended_at ?? attempt.started_at;
  const runId = await tracker.begin({
    attemptId,
    experiment: row.project,
    project: row.project,
    name: nameOf(row, stage),
    tags: tagsOf(row, stage),
    inputs: [],
    startedAt: attempt.started_at,
    actor: row.actor,
    cause,
  });
  await database.write(async (writer) => {
    await store.updateAttempt(writer, attemptId, { run_id: runId });
    await store.updateStage(writer, row.id, stage.name, { run_id: runId });
  });
  await tracker.logParams(runId, new Map(Object.entries(report.params)), cause);
  await tracker.logMetrics(runId, new Map([...Object.entries(report.metrics), ...usageOf(attempt)]), at, cause);
  if (attempt.log_digest !== null) {
    const digest = attempt.log_digest as Digest;
    const { sizeBytes } = await blobs.stat(digest);
    await tracker.attach(runId, { path: 'log.txt', digest, sizeBytes }, cause);
  }
  await tracker.end(runId, 'FINISHED', at, cause);
}

/** An experiment goes by its name, as its table in the checkout shows it. */
function nameOf({ number, place }: store.RunRow, { name }: store.StageRow): string {
  return `${name}-${experimentOf(place)?.name ?? number}`;
}

function experimentOf(place: string | null): ReportedPlace['experiment'] {
  return place === null ? undefined : (JSON.parse(place) as ReportedPlace).experiment;
}

function tagsOf(row: store.RunRow, stage: store.StageRow): Record<string, string> {
  const experiment = experimentOf(row.place);
  return {
    'capstan.pipeline_run': row.id,
    'capstan.stage': stage.name,
    'mlflow.source.name': `${row.project}/dvc.yaml`,
    'mlflow.source.type': 'PROJECT',
    ...(experiment && { 'capstan.experiment': experiment.name }),
    'mlflow.project.entryPoint': stage.name,
    ...(row.git_commit !== null && { 'mlflow.source.git.commit': row.git_commit }),
  };
}

/** Named as MLflow names what it measures of a system. */
function usageOf({ duration_ms, cpu_ms, peak_memory_bytes }: store.AttemptRow): [string, number][] {
  return [
    ...(duration_ms === null ? [] : [['system/duration_seconds', duration_ms / 1000] as [string, number]]),
    ...(cpu_ms === null ? [] : [['system/cpu_seconds', cpu_ms / 1000] as [string, number]]),
    ...(peak_memory_bytes === null
      ? []
      : [['system/peak_memory_megabytes', peak_memory_bytes / 1e6] as [string, number]]),
  ];
}
