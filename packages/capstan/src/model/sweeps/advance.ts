import { errorCodes, type SweepState } from '@capstan/api';
import type { Writer } from '#database';
import type { JobContext } from '#jobs';
import type { Cause } from '#kernel/cause';
import { DomainError, messageOf } from '#kernel/errors';
import { assertTransition } from '#kernel/state-machine';
import type { SweepsDeps } from './deps.ts';
import { bestOf, decide, hasEnded, sweepTransitions, type EndedSweep } from './model.ts';
import { settleTrials } from './settle-trials.ts';
import { gridPoint, randomPoint, type Point } from './space.ts';
import { cancelRuns, startWaiting } from './start-trials.ts';
import { stopEarly } from './stop-early.ts';
import * as store from './store.ts';
import { pointOf, spaceOf } from './views.ts';

/** What woke the worker. */
export interface Waking extends Pick<JobContext, 'cause' | 'signal'> {
  readonly isLastTry: boolean;
  /** Number of the look, where it is one of those that come by themselves. */
  readonly tick?: number;
}

const LOOK_EVERY_MS = 2_000;

/**
 * Goes on with a sweep until it waits for its trials or has ended. Every step may be done twice: a trial is written down
 * before it is started, and started under a key of its own; what is decided is written only if nothing has changed
 * meanwhile. So a kill at any point, or two workers at once, neither ask a trial twice nor forget one.
 */
export async function advance(deps: SweepsDeps, id: string, waking: Waking): Promise<void> {
  const { read } = deps.database;
  for (;;) {
    const row = await store.findSweep(read, id);
    if (!row) return;
    const cause: Cause = { ...waking.cause };
    await settleTrials(deps, row, cause);
    // One that was quick may have ended before it was known whose run it is: it is looked at again.
    if (await startWaiting(deps, row, cause)) continue;
    if (hasEnded(row.state)) return await cancelRuns(deps, row, cause);
    const outcome = await goOn(deps, row, waking, cause);
    if (outcome === 'wait') break;
  }
  if (waking.tick !== undefined) await lookAgain(deps, id, waking.tick + 1);
}

/** One decision. `again`: it has been written, or another worker was quicker. */
async function goOn(deps: SweepsDeps, known: store.SweepRow, waking: Waking, cause: Cause): Promise<'wait' | 'again'> {
  // As it is after the trials that have just ended.
  const row = (await store.findSweep(deps.database.read, known.id)) ?? known;
  if (hasEnded(row.state)) return 'again';
  const trials = await store.listTrials(deps.database.read, row.id);
  if (waking.tick !== undefined) await stopEarly(deps, row, trials, cause);
  const limits = {
    maxTrials: row.max_trials,
    parallel: row.parallel,
    maxFailedShare: row.max_failed_share,
    isPastDeadline: row.deadline !== null && Date.now() >= row.deadline,
  };
  const next = decide(limits, trials);
  if (next.kind === 'wait') return 'wait';
  if (next.kind === 'end') {
    await deps.database.write((writer) => endSweep(deps, writer, row, next, cause));
    return 'again';
  }
  try {
    await ask(deps, row, await propose(deps, row, trials, next.count, waking.signal));
  } catch (error) {
    if (!isFinal(error, waking)) throw error;
    deps.log.warn({ err: error, sweep: row.id }, 'a sweep failed');
    const hint = error instanceof DomainError && error.hint !== undefined ? `\n${error.hint}` : '';
    const end = { outcome: 'failed', reason: `${messageOf(error)}${hint}` } as const;
    await deps.database.write((writer) => endSweep(deps, writer, row, end, cause));
  }
  return 'again';
}

function isFinal(error: unknown, { isLastTry, signal }: Waking): boolean {
  if (signal.aborted) return false;
  if (isLastTry) return true;
  return error instanceof DomainError && !errorCodes[error.code].isRetryable;
}

async function propose(
  deps: SweepsDeps,
  row: store.SweepRow,
  trials: readonly store.TrialRow[],
  count: number,
  signal: AbortSignal,
): Promise<Point[]> {
  const space = spaceOf(row);
  if (row.method === 'bayesian') {
    const told = trials.map((trial) => ({ ...trial, params: pointOf(trial) }));
    const toldFacts = told.map(({ state, params, value, step }) => ({ state, params, value, step }));
    return await deps.optuna.ask({ space, goal: row.goal, seed: row.seed, trials: toldFacts, count, signal });
  }
  return Array.from({ length: count }, (_, index) => {
    const number = trials.length + index + 1;
    return row.method === 'grid' ? gridPoint(space, number - 1) : randomPoint(space, row.seed, number);
  });
}

/** Writes the next trials down, to be started; nothing where the sweep is no longer as it was looked at. */
async function ask(deps: SweepsDeps, row: store.SweepRow, points: readonly Point[]): Promise<void> {
  await deps.database.write(async (writer) => {
    const isFirst = row.state === 'queued';
    if (isFirst) assertTransition(sweepTransitions, `sweep ${row.number}`, row.state, 'running');
    const begun = {
      state: 'running',
      started_at: deps.clock.now(),
      deadline: row.time_limit_ms === null ? null : Date.now() + row.time_limit_ms,
    } as const;
    if (!(await store.changeSweep(writer, row, isFirst ? begun : {}))) return;
    const first = await store.nextTrial(writer, row.id);
    await store.insertTrials(
      writer,
      points.map((point, index) => ({ sweep: row.id, number: first + index, params: JSON.stringify(point) })),
    );
    if (isFirst) await enqueueLook(deps, writer, { ...row, ...begun }, 0);
  });
}

/** Ends a sweep that is as the caller knows it, with the fact of it. Its trials that run are ended by whoever comes next. */
export async function endSweep(
  deps: SweepsDeps,
  writer: Writer,
  row: store.SweepRow,
  end: { readonly outcome: EndedSweep; readonly reason: string | null },
  cause: Cause,
): Promise<boolean> {
  assertTransition<SweepState>(sweepTransitions, `sweep ${row.number}`, row.state, end.outcome);
  const change = { state: end.outcome, reason: end.reason, ended_at: deps.clock.now() };
  if (!(await store.changeSweep(writer, row, change))) return false;
  const trials = await store.listTrials(writer, row.id);
  const best = bestOf(row.goal, trials);
  await deps.events.append(writer, cause, {
    type: 'sweep.ended',
    project: row.project,
    subject: `sweep:${row.id}`,
    payload: {
      sweep: row.id,
      number: row.number,
      outcome: end.outcome,
      ...(end.reason !== null && { reason: end.reason }),
      trials: trials.length,
      ...(best?.value != null && { best: { trial: best.number, value: best.value } }),
    },
  });
  return true;
}

async function lookAgain(deps: SweepsDeps, id: string, tick: number): Promise<void> {
  await deps.database.write(async (writer) => {
    const row = await store.findSweep(writer, id);
    if (row && !hasEnded(row.state)) await enqueueLook(deps, writer, row, tick);
  });
}

/** A look at what runs, in real time: soon where trials may be stopped early, else when the time limit passes. */
async function enqueueLook(deps: SweepsDeps, writer: Writer, row: store.SweepRow, tick: number): Promise<void> {
  if (row.early_stopping === null && row.deadline === null) return;
  const soon = Date.now() + LOOK_EVERY_MS;
  const notBefore = row.early_stopping === null ? Math.max(soon, row.deadline ?? 0) : soon;
  const options = { notBefore, uniqueKey: `sweeps.advance:${row.id}:${tick}` };
  await deps.jobs.enqueue(writer, 'sweeps.advance', { sweep: row.id, tick }, options);
}
