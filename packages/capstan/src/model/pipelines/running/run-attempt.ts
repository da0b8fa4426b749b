import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { DomainError } from '#kernel/errors';
import type { ExecutionResult, Resources } from '#ports/executor';
import { writeClaimed, type ActiveRun } from './active-run.ts';
import { lastLines } from '#ports/log-pieces';
import { endAttempt, LOST_REASON, logFileOf, type AttemptEnd } from './attempts.ts';
import { commandLine } from '#kernel/command-line';
import { datasetsReaching } from './dataset-reach.ts';
import type { LockEntry, LockedFile, Stage } from '#kernel/pipeline-definition';
import { logResult, metricsOf } from './log-result.ts';
import { failureText, lossText, missingModuleText, outcomeText, type StoredOutput } from '../model.ts';
import { outputsFor, removeOutputs, restoreOutputs, storeOutputs } from './outputs.ts';
import { paramTexts } from '#kernel/param-texts';
import { reasonText, type Reason } from '#kernel/stage-reasons';
import * as store from '../store.ts';

const GRACE_MS = 10_000;
const LOG_LINES = 20;

/** What a stage is run with. */
export interface AttemptSpec {
  readonly stage: Stage;
  /** Without the hashes of outputs. */
  readonly entry: LockEntry;
  readonly resultKey: string;
  readonly reasons: readonly Reason[];
  /** What its last run left, for outputs that are built up. */
  readonly earlier: readonly StoredOutput[];
  readonly resources: Resources;
  /** Where the machine is lost once more, the stage fails. */
  readonly isLastTry: boolean;
}

export type AttemptOutcome =
  | { readonly status: 'succeeded'; readonly entry: LockEntry; readonly stored: readonly StoredOutput[] }
  | { readonly status: 'failed' | 'cancelled'; readonly reason: string }
  | { readonly status: 'lost'; readonly reason: string };

/**
 * One try at a stage: its experiment run, its command, and what it made. The row of the attempt comes first and its end
 * last, so that whatever a kill leaves behind is found by it.
 * @throws the stop signal's reason when the server stops; DomainError STORAGE_FULL and the like, after which another
 *   try may fare better
 */
export async function runAttempt(run: ActiveRun, spec: AttemptSpec): Promise<AttemptOutcome> {
  const attempt = await beginAttempt(run, spec);
  const result = await execute(run, spec, attempt).catch((error: unknown) => refused(error));
  if (result instanceof DomainError) {
    await endAttempt(
      run,
      attempt,
      { status: 'failed', reason: result.message },
      markStage(run, spec.stage, 'failed', result.message),
    );
    return { status: 'failed', reason: result.message };
  }
  if (result.outcome === 'cancelled' && !run.stop.isCancelled()) {
    await endAttempt(run, attempt, { status: 'lost', reason: LOST_REASON, result });
    run.stop.signal.throwIfAborted();
  }
  if (result.outcome === 'lost') return await loseAttempt(run, spec, attempt, result);
  if (result.outcome !== 'succeeded') {
    const lines = await lastLines(logFileOf(run.deps, attempt.id), LOG_LINES);
    const missing = run.environment.freezeFile === undefined ? missingModuleText(lines) : undefined;
    const what = [outcomeText(result, run.stageTimeoutMs), missing].filter(Boolean).join('; ');
    const reason = failureText(what, lines);
    const status = result.outcome === 'cancelled' ? 'cancelled' : 'failed';
    await endAttempt(
      run,
      attempt,
      { status: result.outcome, reason, result },
      markStage(run, spec.stage, status, reason),
    );
    return { status, reason };
  }
  return await keepResult(run, spec, attempt, result);
}

async function beginAttempt(run: ActiveRun, spec: AttemptSpec): Promise<store.AttemptRow> {
  const { deps } = run;
  const { stage } = spec;
  const id = deps.ids.next('sa');
  const now = deps.clock.now();
  const datasets = datasetsReaching(run.nodes, run.inputs, stage.name);
  const number = await writeClaimed(run, async (writer) => {
    const inserted = await store.insertAttempt(writer, {
      id,
      pipeline_run: run.id,
      stage: stage.name,
      status: 'running',
      is_run_ended: 0,
      started_at: now,
    });
    await store.updateStage(writer, run.id, stage.name, {
      status: 'running',
      is_cached: 0,
      why: JSON.stringify(spec.reasons),
      reason: null,
    });
    await deps.events.append(writer, run.cause, {
      type: 'stage-attempt.started',
      project: run.project,
      subject: `pipeline-run:${run.id}`,
      payload: {
        pipelineRun: run.id,
        stage: stage.name,
        attempt: id,
        number: inserted,
        why: spec.reasons.map(reasonText),
        codeDigest: run.codeDigest,
        environmentKey: run.environment.key,
        datasets: datasets.map(({ dataset, versionId, through }) => ({
          dataset,
          versionId,
          ...(through !== undefined && { through }),
        })),
        params: Object.fromEntries(paramTexts(spec.entry.params)),
      },
    });
    return inserted;
  });
  const runId = await deps.tracker.begin({
    attemptId: id,
    experiment: run.project,
    project: run.project,
    name: `${stage.name}-${run.number}${number > 1 ? `-${number}` : ''}`,
    tags: tagsOf(run, stage, id),
    inputs: datasets,
    startedAt: now,
    actor: run.actor,
    cause: run.cause,
  });
  await writeClaimed(run, async (writer) => {
    await store.updateAttempt(writer, id, { run_id: runId });
    await store.updateStage(writer, run.id, stage.name, { run_id: runId });
  });
  const row = await store.findAttempt(deps.database.read, id);
  if (!row) throw new Error(`the attempt ${id} is gone`);
  return row;
}

function tagsOf(run: ActiveRun, stage: Stage, attemptId: string): Record<string, string> {
  return {
    'capstan.pipeline_run': run.id,
    'capstan.stage': stage.name,
    'capstan.attempt': attemptId,
    'capstan.code': run.codeDigest,
    'capstan.environment': run.environment.key,
    ...(run.cutoff !== undefined && { 'capstan.cutoff': String(run.cutoff) }),
    ...(run.cycle !== undefined && { 'capstan.cycle': run.cycle }),
    'mlflow.source.name': `${run.project}/${run.deps.format.fileName}`,
    'mlflow.source.type': 'PROJECT',
    'mlflow.project.entryPoint': stage.name,
    ...(run.gitCommit !== undefined && { 'mlflow.source.git.commit': run.gitCommit }),
  };
}

const NOT_STARTED: ExecutionResult = {
  outcome: 'cancelled',
  exitCode: null,
  signal: null,
  durationMs: 0,
  cpuMs: null,
  peakMemoryBytes: null,
};

async function execute(run: ActiveRun, spec: AttemptSpec, attempt: store.AttemptRow): Promise<ExecutionResult> {
  const { deps, folder } = run;
  const { stage } = spec;
  if (run.stop.signal.aborted) return NOT_STARTED;
  await removeOutputs(folder, stage);
  const persistent = new Set(stage.outputs.filter((output) => output.isPersistent).map((output) => output.path));
  await restoreOutputs(
    deps.blobs,
    folder,
    outputsFor(
      stage,
      spec.earlier.filter((output) => persistent.has(output.path)),
    ),
  );
  await mkdir(deps.folders.logs, { recursive: true });
  const execution = await run.executor.start({
    attemptId: attempt.id,
    command: commandLine(stage.lines),
    cwd: join(folder, stage.workingDirectory),
    env: environmentOf(run, stage, attempt),
    logFile: logFileOf(deps, attempt.id),
    timeoutMs: run.stageTimeoutMs,
    graceMs: GRACE_MS,
    files: { root: folder, writes: stage.outputs.map((output) => output.file) },
    resources: spec.resources,
    python: run.environment.freezeFile === undefined ? 'bare' : 'requirements',
  });
  const cancel = () => execution.cancel();
  run.stop.signal.addEventListener('abort', cancel, { once: true });
  if (run.stop.signal.aborted) cancel();
  try {
    return await execution.done;
  } finally {
    run.stop.signal.removeEventListener('abort', cancel);
  }
}

function environmentOf(run: ActiveRun, stage: Stage, attempt: store.AttemptRow): Record<string, string> {
  return {
    ...run.deps.commandEnvironment,
    ...run.environment.variables,
    // Compiled files would change the hashes of folders of code; unwritten output would be lost with a kill.
    PYTHONDONTWRITEBYTECODE: '1',
    PYTHONUNBUFFERED: '1',
    MLFLOW_TRACKING_URI: run.deps.trackingUrl(),
    MLFLOW_EXPERIMENT_NAME: run.project,
    ...(attempt.run_id !== null && { MLFLOW_RUN_ID: attempt.run_id }),
    CAPSTAN_ATTEMPT_ID: attempt.id,
    DVC_STAGE: stage.name,
    DVC_ROOT: run.folder,
  };
}

/** A refusal of the command itself is the stage's failure; what another try may cure goes on as it is. */
function refused(error: unknown): DomainError {
  if (error instanceof DomainError && error.code === 'INVALID_ARGUMENT') return error;
  throw error;
}

function markStage(run: ActiveRun, stage: Stage, status: 'failed' | 'cancelled', reason: string) {
  return (writer: Parameters<typeof store.updateStage>[0]) =>
    store.updateStage(writer, run.id, stage.name, { status, reason, ended_at: run.deps.clock.now() });
}

/** The machine is gone, which is not the stage's fault: it is tried anew, unless that has happened too often. */
async function loseAttempt(
  run: ActiveRun,
  spec: AttemptSpec,
  attempt: store.AttemptRow,
  result: ExecutionResult,
): Promise<AttemptOutcome> {
  const reason = lossText(attempt.number, result.machine);
  if (!spec.isLastTry) {
    await endAttempt(run, attempt, { status: 'lost', reason, result });
    return { status: 'lost', reason };
  }
  const last = `${reason}, as those before it; it is not tried again`;
  await endAttempt(run, attempt, { status: 'lost', reason, result }, markStage(run, spec.stage, 'failed', last));
  return { status: 'failed', reason: last };
}

async function keepResult(
  run: ActiveRun,
  spec: AttemptSpec,
  attempt: store.AttemptRow,
  result: ExecutionResult,
): Promise<AttemptOutcome> {
  const { deps } = run;
  const { stage } = spec;
  let made: { locked: LockedFile[]; stored: StoredOutput[] };
  let metrics: ReadonlyMap<string, number>;
  try {
    made = await storeOutputs(deps, run.folder, stage, run.memory);
    metrics = await metricsOf(run, stage);
  } catch (error) {
    const reason = unfinishedReason(error, stage);
    if (reason === undefined) throw error;
    const end: AttemptEnd = { status: 'failed', reason, result };
    await endAttempt(run, attempt, end, markStage(run, stage, 'failed', reason));
    return { status: 'failed', reason };
  }
  const entry: LockEntry = { ...spec.entry, outputs: made.locked };
  const { run_id: runId } = attempt;
  if (runId !== null) await logResult(run, runId, { entry, metrics, result });
  const modelVersions = runId === null ? [] : await deps.modelVersionsOf([runId]);
  await endAttempt(run, attempt, { status: 'succeeded', reason: null, result }, async (writer) => {
    const id = deps.ids.next('sr');
    await store.insertResult(writer, {
      id,
      project: run.project,
      stage: stage.name,
      result_key: spec.resultKey,
      environment_key: run.environment.key,
      entry: deps.format.encodeEntry(entry),
      outputs: JSON.stringify(made.stored),
      attempt: attempt.id,
      run_id: runId,
      model_versions: JSON.stringify(modelVersions),
      created_at: deps.clock.now(),
    });
    await store.updateStage(writer, run.id, stage.name, {
      status: 'succeeded',
      result: id,
      run_id: attempt.run_id,
      ended_at: deps.clock.now(),
    });
  });
  return { status: 'succeeded', entry, stored: made.stored };
}

/** What the stage did wrong, or undefined where the fault is not the stage's. */
function unfinishedReason(error: unknown, stage: Stage): string | undefined {
  if (!(error instanceof DomainError)) return undefined;
  if (error.code === 'NOT_FOUND') {
    const names = stage.outputs.map((output) => output.path).join(', ');
    return `the command succeeded but did not write all of its outputs (${names}): ${error.message}`;
  }
  const isStages = error.code === 'INVALID_ARGUMENT' || error.code === 'NOT_IMPLEMENTED';
  return isStages ? `its outputs cannot be used: ${error.message}` : undefined;
}
