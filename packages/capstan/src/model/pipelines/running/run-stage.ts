import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { DomainError } from '#kernel/errors';
import { writeClaimed, type ActiveRun } from './active-run.ts';
import type { LockEntry, Stage } from '#kernel/pipeline-definition';
import type { StageNode } from '#kernel/stage-graph';
import type { StoredOutput } from '../model.ts';
import { outputsFor, restoreOutputs, storeOutputs } from './outputs.ts';
import { decide, type Reason, type StoredResult } from '#kernel/stage-reasons';
import { runAttempt, type AttemptOutcome, type AttemptSpec } from './run-attempt.ts';
import type { Resources } from '#ports/executor';
import { resourcesOf } from './stage-resources.ts';
import * as store from '../store.ts';

export type StageOutcome =
  | { readonly status: 'succeeded' }
  | { readonly status: 'failed' | 'cancelled'; readonly reason: string }
  /** It was not begun: a stage had failed meanwhile. */
  | { readonly status: 'skipped'; readonly because: string };

/** Keeps stages that have not begun from beginning. */
export interface Halt {
  /** Aborted with the name of the stage that failed. */
  readonly signal: AbortSignal;
  /** Tells that a stage failed. */
  failed(stage: string): void;
}

type Refused = Extract<StageOutcome, { status: 'failed' | 'cancelled' }>;

/** A stage whose machine is lost is tried again so often; then it fails. */
const TRIES_AFTER_LOSS = 2;

interface Result {
  readonly row: store.ResultRow;
  readonly stored: StoredResult;
  readonly outputs: readonly StoredOutput[];
}

/**
 * Brings a stage up to date: by stored outputs where they stand for it, else by running it.
 * @param given.interrupted why an attempt before this one was cut off, if one was
 */
export async function runStage(
  run: ActiveRun,
  node: StageNode,
  given: { readonly interrupted: string | undefined; readonly halt: Halt },
): Promise<StageOutcome> {
  const { stage } = node;
  let entry: LockEntry;
  try {
    entry = await entryOf(run, stage);
  } catch (error) {
    return await refuse(run, stage, error);
  }
  const { deps } = run;
  const resultKey = deps.format.resultKey(entry);
  const environmentKey = run.environment.key;
  const same = resultFrom(run, await store.resultOf(deps.database.read, run.project, resultKey, environmentKey));
  const latest = resultFrom(run, await store.latestResult(deps.database.read, run.project, stage.name));
  const decision = decide({
    entry,
    environmentKey,
    isAlwaysRun: stage.isAlwaysRun,
    isFrozen: stage.isFrozen,
    forcedFrom: run.forced.get(stage.name),
    isIncremental: stage.outputs.some((output) => output.isPersistent),
    same: same?.stored,
    latest: latest?.stored,
  });
  let reasons = decision.reasons;
  if (decision.use === 'stored') {
    const chosen = [same, latest].find((result) => result?.stored.attemptId === reasons[0]?.subject);
    const lost = chosen ? await reuse(run, stage, chosen, entry, reasons) : ({ kind: 'lost-output' } as const);
    if (!lost) return { status: 'succeeded' };
    reasons = [lost];
  }
  if (stage.isFrozen) return await adoptFrozen(run, stage, entry, resultKey);
  if (given.interrupted !== undefined) reasons = [...reasons, { kind: 'interrupted', subject: given.interrupted }];
  const earlier = latest?.outputs ?? [];
  const outcome = await tryStage(run, { stage, entry, resultKey, reasons, earlier }, given.halt);
  if (outcome.status !== 'succeeded') return outcome;
  publish(run, stage, outcome.entry, outcome.stored);
  return { status: 'succeeded' };
}

/** Waits for a place, then tries the stage, anew where its machine was lost. */
async function tryStage(
  run: ActiveRun,
  spec: Omit<AttemptSpec, 'resources' | 'isLastTry'>,
  halt: Halt,
): Promise<Exclude<AttemptOutcome, { status: 'lost' }> | Extract<StageOutcome, { status: 'skipped' }>> {
  const { stage } = spec;
  let resources: Resources;
  try {
    resources = resourcesOf(stage);
    run.slots.refuseExcess(stage.name, resources);
  } catch (error) {
    return await refuse(run, stage, error);
  }
  const { signal } = run.stop;
  let leave: () => void;
  try {
    leave = await run.slots.enter(resources, AbortSignal.any([signal, halt.signal]));
  } catch (error) {
    if (run.stop.isCancelled()) return { status: 'cancelled', reason: 'it was cancelled' };
    signal.throwIfAborted();
    if (halt.signal.aborted) return { status: 'skipped', because: String(halt.signal.reason) };
    throw error;
  }
  try {
    let { reasons } = spec;
    for (let losses = 1; ; losses++) {
      const outcome = await runAttempt(run, { ...spec, reasons, resources, isLastTry: losses > TRIES_AFTER_LOSS });
      // Before its place is free for another.
      if (outcome.status === 'failed') halt.failed(stage.name);
      if (outcome.status !== 'lost') return outcome;
      reasons = [...spec.reasons, { kind: 'interrupted', subject: outcome.reason }];
    }
  } finally {
    leave();
  }
}

/** Puts the outputs of a stage that has succeeded back into a workspace that may have lost them. False when they are gone. */
export async function restoreStage(run: ActiveRun, stage: Stage, resultId: string): Promise<boolean> {
  const result = resultFrom(run, await store.findResult(run.deps.database.read, resultId));
  if (!result || (await tryRestore(run, stage, result)) !== undefined) return false;
  publish(run, stage, result.stored.entry, result.outputs);
  return true;
}

/** The stage as it is now, its outputs by path only. */
async function entryOf(run: ActiveRun, stage: Stage): Promise<LockEntry> {
  const { format } = run.deps;
  const inputs = [];
  for (const input of stage.isFrozen
    ? stage.inputs.filter(({ file }) => existsSync(join(run.folder, file)))
    : stage.inputs) {
    const { hash } = await format.hash(join(run.folder, input.file), run.memory);
    inputs.push({ path: input.path, ...hash });
  }
  return {
    command: stage.command,
    inputs,
    params: await format.readParams(run.folder, stage.params),
    outputs: stage.outputs.map((output) => ({ path: output.path, md5: '', sizeBytes: 0 })),
  };
}

/** Returns what of the result is gone, so that it cannot stand for the stage; undefined when it does. */
async function reuse(
  run: ActiveRun,
  stage: Stage,
  result: Result,
  entry: LockEntry,
  reasons: readonly Reason[],
): Promise<Reason | undefined> {
  const { deps } = run;
  const lostModel = stage.isFrozen ? undefined : await findLostModel(run, result.row);
  if (lostModel !== undefined) return { kind: 'lost-model', subject: lostModel };
  const lostOutput = await tryRestore(run, stage, result);
  if (lostOutput !== undefined) return { kind: 'lost-output', subject: lostOutput };
  const { attempt, run_id: runId, id } = result.row;
  await writeClaimed(run, async (writer) => {
    await store.updateStage(writer, run.id, stage.name, {
      status: 'succeeded',
      is_cached: 1,
      why: JSON.stringify(reasons),
      reason: null,
      result: id,
      run_id: runId,
      ended_at: deps.clock.now(),
    });
    await deps.events.append(writer, run.cause, {
      type: 'stage.reused',
      project: run.project,
      subject: `pipeline-run:${run.id}`,
      payload: { pipelineRun: run.id, stage: stage.name, attempt, ...(runId !== null && { runId }) },
    });
  });
  // A frozen stage keeps its old entry; else the entry is what the stage is now, with the outputs it has.
  const now = stage.isFrozen ? result.stored.entry : { ...entry, outputs: outputsOf(stage, result.stored.entry) };
  publish(run, stage, now, result.outputs);
  return undefined;
}

/** A stage that registers a model is cached with it: a run that reuses the stage names the version it made. */
async function findLostModel(
  run: ActiveRun,
  { run_id: runId, model_versions }: store.ResultRow,
): Promise<string | undefined> {
  const registered = JSON.parse(model_versions) as string[];
  if (runId === null || registered.length === 0) return undefined;
  const present = await run.deps.modelVersionsOf([runId]);
  return registered.find((version) => !present.includes(version));
}

function outputsOf(stage: Stage, entry: LockEntry): LockEntry['outputs'] {
  return entry.outputs.filter((file) => stage.outputs.some((output) => output.path === file.path));
}

async function tryRestore(run: ActiveRun, stage: Stage, result: Result): Promise<string | undefined> {
  try {
    await restoreOutputs(run.deps.blobs, run.folder, outputsFor(stage, result.outputs));
    return undefined;
  } catch (error) {
    if (!(error instanceof DomainError) || (error.code !== 'NOT_FOUND' && error.code !== 'DATA_LOSS')) throw error;
    run.deps.log.warn(
      { err: error, stage: result.row.stage, result: result.row.id },
      'stored outputs are gone; the stage runs again',
    );
    return error.field ?? '';
  }
}

/** Nothing waits for it: another stage reads what this one wrote, not what is told of it. */
function publish(run: ActiveRun, stage: Stage, entry: LockEntry, outputs: readonly StoredOutput[]): void {
  run.trailing.begin(() => run.publishing.publish({ stage, entry, outputs }));
}

/** A frozen stage never runs: without stored outputs, those that came with the project are taken. */
async function adoptFrozen(run: ActiveRun, stage: Stage, entry: LockEntry, resultKey: string): Promise<StageOutcome> {
  const { deps } = run;
  let made;
  try {
    made = await storeOutputs(deps, run.folder, stage, run.memory);
  } catch (error) {
    return await refuse(run, stage, error, 'it is frozen, and an output of it is neither stored nor in the project: ');
  }
  const done = { ...entry, outputs: made.locked };
  const id = deps.ids.next('sr');
  const reason: Reason = { kind: 'frozen', subject: 'the project’s own files' };
  await writeClaimed(run, async (writer) => {
    await store.insertResult(writer, {
      id,
      project: run.project,
      stage: stage.name,
      result_key: resultKey,
      environment_key: run.environment.key,
      entry: deps.format.encodeEntry(done),
      outputs: JSON.stringify(made.stored),
      attempt: reason.subject ?? '',
      run_id: null,
      model_versions: '[]',
      created_at: deps.clock.now(),
    });
    await store.updateStage(writer, run.id, stage.name, {
      status: 'succeeded',
      is_cached: 1,
      why: JSON.stringify([reason]),
      result: id,
      ended_at: deps.clock.now(),
    });
  });
  publish(run, stage, done, made.stored);
  return { status: 'succeeded' };
}

/** Fails the stage without an attempt, where what it reads is not there or not readable. */
async function refuse(run: ActiveRun, stage: Stage, error: unknown, prefix = ''): Promise<Refused> {
  const isStages =
    error instanceof DomainError && ['NOT_FOUND', 'INVALID_ARGUMENT', 'NOT_IMPLEMENTED'].includes(error.code);
  if (!isStages) throw error;
  const reason = prefix + error.message;
  await writeClaimed(run, (writer) =>
    store.updateStage(writer, run.id, stage.name, { status: 'failed', reason, ended_at: run.deps.clock.now() }),
  );
  return { status: 'failed', reason };
}

function resultFrom(run: ActiveRun, row: store.ResultRow | undefined): Result | undefined {
  if (!row) return undefined;
  const entry = run.deps.format.decodeEntry(row.entry);
  return {
    row,
    stored: { entry, environmentKey: row.environment_key, attemptId: row.attempt },
    outputs: JSON.parse(row.outputs) as StoredOutput[],
  };
}
