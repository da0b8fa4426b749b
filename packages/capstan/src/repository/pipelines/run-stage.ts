import { existsSync, rmSync } from 'node:fs';
import { isAbsolute, join, posix } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { conflict, DomainError, invalid } from '#kernel/errors';
import { refuseMissing, type LockedPath, type LockedStage } from '#protocols/dvc';
import { addData } from '../data/add.ts';
import type { PathLocks } from '../locks/path-locks.ts';
import type { StageFacts } from '../reporting/journal.ts';
import type { SharedLock } from '../locks/shared-lock.ts';
import { dataChanges } from './data-state.ts';
import type { LockFiles } from './lock-files.ts';
import {
  hasOnlyMore,
  hasStoredResults,
  isReasonToRun,
  isResultKept,
  whyText,
  type DataNode,
  type PipelineNode,
  type StageInputsNow,
  type StageNode,
  type WhyStage,
} from './model.ts';
import { canRestore, clearOutputs, dropOutputs, ignoreOutputs, restoreOutputs, saveOutputs } from './outputs.ts';
import { pullMissingData, pullResult } from './pull-missing.ts';
import type { RunCache } from './run-cache.ts';
import { runCommand, traceOf, type CommandSite } from './run-command.ts';
import { undeclaredInputs } from './trace-inputs.ts';
import { byPath, inputsNow, placeOf, stageState, type StageReader, type StageState } from './stage-state.ts';

/** How a stage or data came to be up to date, or not. */
export interface NodeEnd {
  /** `ran`: its command; `restored`: from the cache; `recorded`: changed data was taken as it is. */
  readonly outcome: 'ran' | 'restored' | 'recorded' | 'unchanged' | 'failed' | 'cancelled';
  readonly why: readonly WhyStage[];
  /** Why it failed. */
  readonly reason?: string;
  readonly hint?: string;
  readonly warnings: readonly string[];
  /** Relative to the root: what the command printed. */
  readonly log?: string;
  /** Files of the repository that the command read and the stage does not declare; where it was traced. */
  readonly undeclared?: readonly string[];
  /** What it was made from and left, and what that took; as far as is known. */
  readonly facts?: StageFacts;
}

/** What bringing stages up to date needs. */
export interface StageRun extends StageReader {
  readonly locks: LockFiles;
  readonly lock: SharedLock;
  readonly pathLocks: PathLocks;
  /** What runs now, by absolute paths. */
  readonly running: Set<{ readonly reads: readonly string[]; readonly writes: readonly string[] }>;
  readonly runCache: RunCache;
  readonly site: CommandSite;
  readonly usesRunCache: boolean;
  /** False: outputs are hashed and recorded, and not put into the cache. */
  readonly isCommitted: boolean;
  /** What the cache lacks is brought from the remote. */
  readonly isPulled: boolean;
  /** Missing outputs of what has not changed otherwise are no reason to run. */
  readonly isMissingAllowed: boolean;
  readonly waitMs: number;
  onWait(holder: string): void;
  /** It is not as it should be: told before its command runs. */
  onBegin(node: PipelineNode, why: readonly WhyStage[]): void;
  /** Files that Git should know of, relative to the root. */
  readonly changedFiles: Set<string>;
}

/**
 * Brings one node up to date, what it reads from being so. Never throws for what the stage does: it fails with a reason.
 * @param index of the node in the run
 */
export async function bringUpToDate(
  run: StageRun,
  node: PipelineNode,
  how: { readonly index: number; readonly isForced: boolean },
): Promise<NodeEnd> {
  await run.lock.enter();
  try {
    return node.kind === 'data' ? await verifyData(run, node) : await bringStage(run, node, how);
  } catch (error) {
    if (!(error instanceof DomainError)) throw error;
    return { outcome: 'failed', why: [], warnings: [], reason: error.message, ...(error.hint && { hint: error.hint }) };
  } finally {
    run.lock.leave();
  }
}

async function bringStage(
  run: StageRun,
  node: StageNode,
  { index, isForced }: { readonly index: number; readonly isForced: boolean },
): Promise<NodeEnd> {
  const state = await stageState(run, node, run.locks.entryOf(node));
  const why: readonly WhyStage[] = isForced ? [{ kind: 'forced' }, ...state.why.filter(isReasonToRun)] : state.why;
  if (!why.some((each) => isReasonToRun(each) && !isMissingOnly(run, each))) {
    return { outcome: 'unchanged', why: state.why, warnings: [], facts: { entry: state.locked } };
  }
  if (node.stage.isFrozen || !state.now) return await recordFrozen(run, node, state, why);
  refuseMissingInputs(node, state.now);
  if (!isForced) {
    const restored = await tryRestore(run, node, state, state.now);
    if (restored) return { outcome: 'restored', why, warnings: [], facts: { entry: run.locks.entryOf(node) } };
  }
  run.onBegin(node, why);
  return await runStage(run, node, { state, now: state.now, why, index });
}

function isMissingOnly({ isMissingAllowed }: StageRun, { change }: WhyStage): boolean {
  return isMissingAllowed && (change === 'deleted' || change === 'not in cache');
}

/** Before room is made for its outputs, which would make the folder. */
function refuseMissingFolder(root: string, { folder, stage }: StageNode): void {
  const cwd = posix.join(folder, stage.workingDirectory);
  if (existsSync(join(root, cwd))) return;
  throw invalid(`its working directory ${cwd} does not exist`, { field: 'wdir', hint: 'Create it, or correct wdir.' });
}

function refuseMissingInputs({ stage, file }: StageNode, { missing }: StageInputsNow): void {
  for (const { kind, subject = '' } of missing) {
    if (kind === 'unknown') {
      throw new DomainError(
        'NOT_IMPLEMENTED',
        `its input ${subject} lies elsewhere, where it cannot be looked at yet`,
        {
          field: subject,
          hint: `Run this stage with dvc: dvc repro ${stage.name}.`,
        },
      );
    }
    if (kind !== 'param') {
      throw new DomainError('NOT_FOUND', `its input ${subject} is missing`, {
        field: subject,
        hint: 'Bring tracked data back with capstan checkout, or correct the path under deps.',
      });
    }
    const [params = '', key] = subject.split(/:(.*)/s);
    if (key !== undefined) refuseMissing(params, [key]);
    throw invalid(`its file of parameters ${params} is missing`, {
      field: params,
      hint: `Named under params in ${file}.`,
    });
  }
}

/** By the result that is recorded, where only outputs are gone; else by one of the run cache. */
async function tryRestore(
  run: StageRun,
  node: StageNode,
  { locked, why }: StageState,
  now: StageInputsNow,
): Promise<boolean> {
  const { stage } = node;
  if (!hasStoredResults(stage)) return false;
  const isRecorded = locked !== undefined && why.every(({ kind }) => kind === 'output');
  const found = isRecorded
    ? locked
    : run.usesRunCache
      ? run.runCache.find(entryOf(node, now, outputPaths(node)))
      : undefined;
  if (!found) return false;
  if (run.isPulled) await pullResult(run.repository, node, found, run.site.signal);
  if (!canRestore(run.repository, node, found)) return false;
  try {
    await restoreOutputs(run.repository, node, found);
  } catch (error) {
    if (!(error instanceof DomainError) || (error.code !== 'DATA_LOSS' && error.code !== 'NOT_FOUND')) throw error;
    // The stage makes it anew; under its name there is nothing that anybody could want.
    if (error.code === 'DATA_LOSS' && error.field !== undefined) rmSync(error.field, { force: true });
    return false;
  }
  record(run, node, entryOf(node, now, inOrder(stage.outputs, found.outputs)));
  return true;
}

interface Begun {
  readonly state: StageState;
  readonly now: StageInputsNow;
  readonly why: readonly WhyStage[];
  readonly index: number;
}

async function runStage(run: StageRun, node: StageNode, { state, now, why, index }: Begun): Promise<NodeEnd> {
  const { repository, lock, pathLocks, running, site } = run;
  const paths = absolutePaths(repository.root, node);
  await waitForOthers(run, paths);
  const log = site.folder.logOf(index, node.stage.name);
  refuseMissingFolder(repository.root, node);
  clearOutputs(repository, node);
  running.add(paths);
  lock.leave();
  let end;
  try {
    end = await runCommand(site, node, index);
  } finally {
    await lock.enter();
    running.delete(paths);
  }
  const { result } = end;
  if (end.outcome === 'cancelled') {
    await dropOutputs(repository, node, state.locked);
    return { outcome: 'cancelled', why, warnings: [], log, facts: { result } };
  }
  const traced = site.isTraced
    ? { undeclared: await undeclaredInputs(repository.root, node, traceOf(join(repository.root, log))) }
    : {};
  if (end.outcome === 'failed') {
    const facts = { entry: entryOf(node, now, []), result };
    return { outcome: 'failed', why, warnings: [], log, reason: end.reason, ...traced, facts };
  }
  const isKept = run.isCommitted && isResultKept(node.stage);
  const outputs = await saveOutputs(repository, node, state.locked, {
    isStored: run.isCommitted,
    isResultKept: isKept,
  });
  const { inputs, warnings } = settle(now, await inputsNow(run, node, state.locked));
  const entry = entryOf(node, { ...now, inputs }, outputs);
  if (isKept) run.runCache.keep(entry);
  record(run, node, entry);
  pathLocks.publish([...running]);
  return { outcome: 'ran', why, warnings, log, ...traced, facts: { entry, result } };
}

/**
 * Inputs as the command found them. Files that came into a folder meanwhile count as the command's own (Python leaves some
 * beside each module), as dvc takes them; what changed under its hands is not what the outputs were made from.
 */
function settle(before: StageInputsNow, after: StageInputsNow): { inputs: readonly LockedPath[]; warnings: string[] } {
  const present = byPath(after.inputs);
  const warnings: string[] = [];
  const inputs = before.inputs.map((input) => {
    const now = present.get(input.path);
    if (now?.md5 === input.md5) return input;
    if (now && hasOnlyMore(before.folders.get(input.path), after.folders.get(input.path))) return now;
    warnings.push(
      `${input.path} changed while the stage ran: it is recorded as it was before, so that the stage runs again`,
    );
    return input;
  });
  return { inputs, warnings };
}

async function waitForOthers({ lock, pathLocks, waitMs, onWait, site }: StageRun, paths: Paths): Promise<void> {
  const until = performance.now() + waitMs;
  let told = '';
  for (let holder = pathLocks.blockerOf(paths); holder !== undefined; holder = pathLocks.blockerOf(paths)) {
    if (performance.now() >= until || site.signal.aborted) {
      throw conflict(`another command works on the same paths: ${holder}`, {
        hint: 'Wait for it to end, or wait longer with --wait.',
      });
    }
    if (told !== holder) onWait(holder);
    told = holder;
    lock.leave();
    await sleep(WAIT_STEP_MS);
    await lock.enter();
  }
}

const WAIT_STEP_MS = 200;

interface Paths {
  readonly reads: readonly string[];
  readonly writes: readonly string[];
}

function absolutePaths(root: string, { stage, folder, reads }: StageNode): Paths {
  const whole = (place: string): string => (isAbsolute(place) ? place : join(root, place));
  return { reads: reads.map(whole), writes: stage.outputs.map((output) => whole(placeOf(folder, output))) };
}

/** A frozen stage is never run: its outputs are taken as they are, or brought back. */
async function recordFrozen(
  run: StageRun,
  node: StageNode,
  { locked }: StageState,
  why: readonly WhyStage[],
): Promise<NodeEnd> {
  if (run.isPulled && locked) await pullResult(run.repository, node, locked, run.site.signal);
  const areGone = why.every(({ change }) => change === 'deleted' || change === 'not in cache');
  if (areGone && locked && canRestore(run.repository, node, locked)) {
    await restoreOutputs(run.repository, node, locked);
    return { outcome: 'restored', why, warnings: [] };
  }
  const gone = why.filter(({ change }) => change === 'deleted').map(({ subject = '' }) => subject);
  if (gone.length > 0) {
    throw new DomainError('NOT_FOUND', `it is frozen and its output ${gone.join(', ')} is missing`, {
      hint: `Let it run: capstan unfreeze ${node.stage.name}. Or bring the data back: capstan checkout.`,
    });
  }
  const outputs = await saveOutputs(run.repository, node, locked, { isStored: run.isCommitted, isResultKept: false });
  const { inputs, params } = await inputsNow(run, node, locked);
  const entry = { command: node.stage.command, inputs, params, outputs };
  record(run, node, entry);
  return { outcome: 'recorded', why, warnings: [], facts: { entry } };
}

/** Data that was changed is taken as it is, like `capstan add`; what is missing must be brought back first. */
async function verifyData(run: StageRun, node: DataNode): Promise<NodeEnd> {
  let why = await dataChanges(run.repository, node);
  if (run.isPulled && why.some(({ change }) => change === 'deleted')) {
    await pullMissingData(run.repository, node, run.site.signal);
    why = await dataChanges(run.repository, node);
    if (why.length === 0) return { outcome: 'restored', why: [{ kind: 'same' }], warnings: [] };
  }
  if (why.length === 0) return { outcome: 'unchanged', why: [{ kind: 'same' }], warnings: [] };
  const missing = why.find(({ change }) => change === 'deleted' || (change === 'not in cache' && run.isMissingAllowed));
  if (missing && run.isMissingAllowed) return { outcome: 'unchanged', why, warnings: [] };
  if (missing) {
    throw new DomainError('NOT_FOUND', `its data ${missing.subject} is missing`, {
      field: missing.subject ?? node.file,
      hint: `Bring it back: capstan checkout ${missing.subject}.`,
    });
  }
  run.onBegin(node, why);
  const source = { ...run.repository, here: '' };
  for (const added of await addData(source, node.writes)) if (added.isChanged) run.changedFiles.add(added.file);
  return { outcome: 'recorded', why, warnings: why.map(whyText) };
}

function record(run: StageRun, node: StageNode, entry: LockedStage): void {
  run.locks.record(node, entry);
  for (const file of ignoreOutputs(run.repository, node)) run.changedFiles.add(file);
}

function entryOf(
  { stage }: StageNode,
  { inputs, params }: Pick<StageInputsNow, 'inputs' | 'params'>,
  outputs: readonly LockedPath[],
): LockedStage {
  return { command: stage.command, inputs, params, outputs };
}

const outputPaths = ({ stage }: StageNode): LockedPath[] => stage.outputs.map(({ path }) => ({ path }));

function inOrder(outputs: readonly { readonly path: string }[], made: readonly LockedPath[]): LockedPath[] {
  const found = byPath(made);
  return outputs.flatMap(({ path }) => found.get(path) ?? []);
}
