import { rm } from 'node:fs/promises';
import type { PipelineRunInput } from '@capstan/api';
import type { JobContext } from '#jobs';
import type { Cause } from '#kernel/cause';
import { DomainError, messageOf } from '#kernel/errors';
import { ClaimLost, writeClaimed, type ActiveRun } from './active-run.ts';
import type { ActiveRuns } from './active-runs.ts';
import { settleAttempts } from './attempts.ts';
import type { ParamOverrides } from '#kernel/pipeline-definition';
import type { PipelinesDeps } from '../deps.ts';
import { endedRow, recordEnd, type RunEnd } from './end-run.ts';
import { executorNamed, slotsOf } from '../executors.ts';
import { withCommit } from '../workspace/export-commit.ts';
import { gitCommit } from '../workspace/git-commit.ts';
import { orderStages } from '#kernel/stage-graph';
import { createPublishing } from './publishing.ts';
import { runStages, type PreparedRun } from './run-stages.ts';
import { forcedStages, stageRows } from './stage-rows.ts';
import * as store from '../store.ts';
import { prepareWorkspace, refuseMissingInputs, workspaceFolder } from '../workspace/workspace.ts';

/** Where another process asked for a cancel, it is seen within this time. */
const LOOK_FOR_CANCEL_MS = 1_000;
/** Workspaces of a project's last ended runs stay for people to look into. */
const WORKSPACES_KEPT = 3;

/** A failure that nobody has foreseen is tried again so often at most: it may be a stage's dear hours each time. */
const TRIES_OF_UNKNOWN = 3;

/** A claim on a run, with what the job knows of it. */
interface ClaimedRun {
  readonly deps: PipelinesDeps;
  readonly id: string;
  readonly project: string;
  readonly number: number;
  readonly fence: number;
  readonly cause: Cause;
  readonly row: store.RunRow;
}

/**
 * Works on a pipeline run until it has ended, or until the server stops: then the job is claimed again and goes on here.
 * Whatever a run may fail by ends it with a reason; only what may pass by itself is thrown, for another try of the job.
 * @param isLastTry no further try comes: then nothing is thrown
 */
export async function runPipeline(
  deps: PipelinesDeps,
  active: ActiveRuns,
  id: string,
  job: JobContext & { readonly isLastTry: boolean },
): Promise<void> {
  const row = await deps.database.write((writer) => store.takeOver(writer, id, job.attempt, deps.clock.now()));
  // It has ended, or a later claim has it.
  if (!row) return;
  const cause = row.cycle === null ? job.cause : { ...job.cause, cycle: row.cycle };
  const run: ClaimedRun = { deps, id, project: row.project, number: row.number, fence: job.attempt, cause, row };
  const stop = active.enter(id, job.signal);
  const looking = setInterval(() => {
    store.findRun(deps.database.read, id).then(
      (found) => found?.cancel_requested_at != null && !stop.isCancelled() && stop.cancel(),
      (error: unknown) => deps.log.warn({ err: error, run: id }, 'cannot look for a cancel'),
    );
  }, LOOK_FOR_CANCEL_MS);
  try {
    if (row.cancel_requested_at !== null) stop.cancel();
    const lost = await settleAttempts(run, deps.executors.get(row.executor));
    const interrupted = new Map(lost.map((attempt) => [attempt.stage, `attempt ${attempt.number} was lost`]));
    const end: RunEnd = stop.isCancelled()
      ? { outcome: 'cancelled', reason: null }
      : await runAll(run, stop, interrupted);
    await endRun(run, end);
  } catch (error) {
    if (error instanceof ClaimLost) return;
    if (stop.isCancelled()) {
      await endRun(run, { outcome: 'cancelled', reason: null });
      return;
    }
    if (job.signal.aborted && !job.isLastTry) throw error;
    if (isRunsOwn(error) || job.isLastTry || (!(error instanceof DomainError) && job.attempt >= TRIES_OF_UNKNOWN)) {
      deps.log.warn({ err: error, run: id }, 'a pipeline run failed');
      await settleAttempts(run, deps.executors.get(row.executor));
      await endRun(run, { outcome: 'failed', reason: messageOf(error) });
      return;
    }
    throw error;
  } finally {
    clearInterval(looking);
    stop.leave();
  }
}

/** A mistake in the project, its data or the request: another try would end the same way. */
function isRunsOwn(error: unknown): boolean {
  const passing = ['INTERNAL', 'UNAVAILABLE', 'STORAGE_FULL', 'RESOURCE_EXHAUSTED'];
  return error instanceof DomainError && !passing.includes(error.code);
}

async function runAll(
  run: ClaimedRun,
  stop: ActiveRun['stop'],
  interrupted: ReadonlyMap<string, string>,
): Promise<RunEnd> {
  const active = await prepare(run, stop);
  await writeClaimed(run, (writer) => store.updateRun(writer, run, { phase: 'stages' }).then(() => undefined));
  return await runStages(active, interrupted);
}

async function prepare(run: ClaimedRun, stop: ActiveRun['stop']): Promise<PreparedRun> {
  const { deps, row } = run;
  const executor = executorNamed(deps.executors, row.executor);
  const project = await deps.projects.get(run.project);
  const datasets = Object.entries(project.declaration.datasets);
  const overrides = JSON.parse(row.params) as ParamOverrides;
  await writeClaimed(run, (writer) => store.updateRun(writer, run, { phase: 'workspace' }).then(() => undefined));
  const { folder: projectFolder } = project;
  const fromCommit = row.from_commit;
  const workspace = await prepareWorkspace(deps, {
    runId: run.id,
    withCode: (use) =>
      fromCommit === null ? use(projectFolder) : withCommit(deps, { projectFolder, commit: fromCommit }, use),
    declaredPaths: new Map(datasets.map(([name, dataset]) => [name, dataset.path])),
    inputs: JSON.parse(row.inputs) as PipelineRunInput[],
    optional: new Set(datasets.filter(([, dataset]) => dataset.from === 'predictions').map(([name]) => name)),
    overrides,
    cutoff: row.cutoff ?? undefined,
    cause: run.cause,
  });
  const commit = row.git_commit ?? (await gitCommit(project.folder));
  await writeClaimed(run, async (writer) => {
    await store.updateRun(writer, run, {
      inputs: JSON.stringify(workspace.inputs),
      code_digest: workspace.codeDigest,
      git_commit: commit ?? null,
      phase: 'environment',
    });
  });
  // From the workspace, not the project: what runs is what was copied.
  const definition = await deps.format.read(workspace.folder, overrides);
  const nodes = orderStages(definition.stages);
  await writeClaimed(run, (writer) => store.replaceWaitingStages(writer, run.id, stageRows(run, nodes)));
  refuseMissingInputs(workspace.folder, definition);
  const environment = await deps.environments.ensure(workspace.folder, {
    signal: stop.signal,
    onBuild: (logFile) =>
      writeClaimed(run, (writer) => store.updateRun(writer, run, { environment_log: logFile }).then(() => undefined)),
  });
  await writeClaimed(run, (writer) =>
    store.updateRun(writer, run, { environment_key: environment.key }).then(() => undefined),
  );
  return {
    deps,
    id: run.id,
    project: run.project,
    number: run.number,
    fence: run.fence,
    cause: run.cause,
    actor: row.actor,
    cycle: row.cycle ?? undefined,
    cutoff: row.cutoff ?? undefined,
    stageTimeoutMs: row.stage_timeout_ms,
    folder: workspace.folder,
    codeDigest: workspace.codeDigest,
    gitCommit: commit,
    inputs: workspace.inputs,
    nodes,
    environment,
    executor,
    slots: slotsOf(deps, row.executor),
    keepsGoing: row.keeps_going === 1,
    forced: forcedStages(nodes, row.forced_from),
    memory: new Map(),
    publishing: createPublishing(
      deps,
      workspace.folder,
      nodes.map(({ stage }) => stage.name),
    ),
    stop,
  };
}

async function endRun(run: ClaimedRun, end: RunEnd): Promise<void> {
  const { deps } = run;
  const stages = await store.listStages(deps.database.read, run.id);
  const runIds = stages.filter((stage) => stage.status === 'succeeded').flatMap((stage) => stage.run_id ?? []);
  const modelVersions = await deps.modelVersionsOf(runIds);
  await writeClaimed(run, async (writer) => {
    const ended = { ...end, runIds, modelVersions };
    await store.updateRun(writer, run, endedRow(ended, deps.clock.now()));
    await recordEnd(deps, writer, run, ended, run.cause);
  });
  await removeOldWorkspaces(run);
}

async function removeOldWorkspaces({ deps, project }: ClaimedRun): Promise<void> {
  try {
    for (const id of await store.endedRuns(deps.database.read, project, WORKSPACES_KEPT)) {
      await rm(workspaceFolder(deps, id), { recursive: true, force: true });
    }
  } catch (error) {
    deps.log.warn({ err: error, project }, 'cannot remove old workspaces');
  }
}
