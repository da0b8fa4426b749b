import { createSchedule, type EndedStage } from '#kernel/stage-schedule';
import { ClaimLost, writeClaimed, type ActiveRun } from './active-run.ts';
import type { RunEnd } from './end-run.ts';
import { createTrailingWork } from './trailing-work.ts';
import { failuresText } from '../model.ts';
import { restoreStage, runStage, type Halt, type StageOutcome } from './run-stage.ts';
import * as store from '../store.ts';

/** A run that no stage of has begun. */
export type PreparedRun = Omit<ActiveRun, 'trailing'>;

interface Failure {
  readonly stage: string;
  readonly reason: string;
}

/**
 * Brings all stages of a run up to date, those that do not wait for each other at once. After a failure nothing more
 * begins, or with `keepsGoing` only nothing that depends on it; what runs goes on to its end.
 * @param interrupted why an attempt was cut off before this server came to the run, by stage
 * @throws what a stage could not be run for and another try may cure, once no stage runs any more; the stop signal's reason
 *   when the server stops
 */
export async function runStages(claimed: PreparedRun, interrupted: ReadonlyMap<string, string>): Promise<RunEnd> {
  const { deps, id } = claimed;
  const broken = new AbortController();
  const halting = new AbortController();
  const halt: Halt = {
    signal: halting.signal,
    failed(name) {
      if (!run.keepsGoing) halting.abort(name);
    },
  };
  const { stop } = claimed;
  const signal = AbortSignal.any([stop.signal, broken.signal]);
  const faults: unknown[] = [];
  const fault = (error: unknown) => {
    faults.push(error);
    // Nobody else may work in the workspace while what this server started runs there.
    if (error instanceof ClaimLost) broken.abort(error);
  };
  const trailing = createTrailingWork(fault);
  const run: ActiveRun = { ...claimed, trailing, stop: { signal, isCancelled: () => stop.isCancelled() } };
  const rows = new Map((await store.listStages(deps.database.read, id)).map((row) => [row.name, row]));
  const ended = failedBefore(run, rows);
  if (ended) return await endAsFailed(run, ended, rows);
  const nodes = new Map(run.nodes.map((node) => [node.stage.name, node]));
  const schedule = createSchedule(
    run.nodes.map(({ stage, after }) => ({ name: stage.name, after })),
    { slots: run.slots.atOnce, onFailure: run.keepsGoing ? 'keep-going' : 'stop' },
  );
  const failures: Failure[] = [];

  const bring = async (name: string): Promise<StageOutcome> => {
    const node = nodes.get(name);
    const row = rows.get(name);
    if (!node || !row) throw new Error(`the run ${id} has no stage ${name}`);
    if (row.status === 'failed') return { status: 'failed', reason: row.reason ?? '' };
    if (row.status === 'succeeded' && row.result !== null && (await restoreStage(run, node.stage, row.result)))
      return { status: 'succeeded' };
    return await runStage(run, node, { interrupted: interrupted.get(name), halt });
  };
  const runOne = async (name: string): Promise<void> => {
    try {
      const outcome = await bring(name);
      if (outcome.status === 'failed') {
        failures.push({ stage: name, reason: outcome.reason });
        halt.failed(name);
      }
      const ended = schedule.end(name, outcome.status === 'succeeded' ? 'done' : outcome.status);
      await tellSkipped(run, outcome.status === 'skipped' ? ended.map(becauseOf(outcome.because)) : ended);
    } catch (error) {
      fault(error);
      if (schedule.running.has(name)) schedule.end(name, 'cancelled');
    }
  };

  const tasks = new Map<string, Promise<void>>();
  while (!schedule.isOver || tasks.size > 0) {
    if (signal.aborted || faults.length > 0) schedule.cancel();
    for (const name of schedule.take()) {
      tasks.set(
        name,
        runOne(name).finally(() => tasks.delete(name)),
      );
    }
    if (tasks.size > 0) await Promise.race(tasks.values());
  }
  await trailing.ended();
  const lost = faults.find((fault) => fault instanceof ClaimLost);
  if (lost !== undefined) throw lost;
  if (stop.isCancelled()) return { outcome: 'cancelled', reason: null };
  stop.signal.throwIfAborted();
  if (faults.length > 0) throw faults[0];
  return failures.length === 0
    ? { outcome: 'succeeded', reason: null }
    : { outcome: 'failed', reason: failuresText(failures) };
}

/** Stages that had failed, after which nothing more begins, when another server worked on the run. */
function failedBefore(run: ActiveRun, rows: ReadonlyMap<string, store.StageRow>): Failure[] | undefined {
  const failed = [...rows.values()].filter(({ status }) => status === 'failed');
  if (run.keepsGoing || failed.length === 0) return undefined;
  return failed.map(({ name, reason }) => ({ stage: name, reason: reason ?? '' }));
}

async function endAsFailed(
  run: ActiveRun,
  failures: readonly Failure[],
  rows: ReadonlyMap<string, store.StageRow>,
): Promise<RunEnd> {
  const because = failures[0]?.stage ?? '';
  const waiting = [...rows.values()].filter(({ status }) => status === 'waiting');
  await tellSkipped(
    run,
    waiting.map(({ name }) => ({ name, end: 'skipped', because })),
  );
  return { outcome: 'failed', reason: failuresText(failures) };
}

function becauseOf(because: string) {
  return (ended: EndedStage): EndedStage => ({ ...ended, because });
}

/** Writes down which stages will not run, and because of whom, as soon as it is known. */
async function tellSkipped(run: ActiveRun, ended: readonly EndedStage[]): Promise<void> {
  const skipped = ended.filter(({ end }) => end === 'skipped');
  if (skipped.length === 0) return;
  await writeClaimed(run, async (writer) => {
    for (const { name, because } of skipped) {
      await store.updateStage(writer, run.id, name, {
        status: 'skipped',
        because: because ?? null,
        ended_at: run.deps.clock.now(),
      });
    }
  });
}
