import type { CycleState } from '@capstan/api';
import type { JobContext } from '#jobs';
import type { Cause } from '#kernel/cause';
import { errorCodes } from '@capstan/api';
import { DomainError, messageOf } from '#kernel/errors';
import { assertTransition } from '#kernel/state-machine';
import { stepData } from './data-step.ts';
import type { RetrainingDeps } from './deps.ts';
import { stepGates } from './gates-step.ts';
import { cycleTransitions, hasEnded } from './model.ts';
import { stepRollout } from './rollout-step.ts';
import * as store from './store.ts';
import { stepTraining } from './training-step.ts';
import { stopped, type Progress, type Turn } from './turn.ts';

/** What woke the worker. */
export interface Waking extends Pick<JobContext, 'attempt' | 'cause'> {
  readonly isLastTry: boolean;
  /** Number of an approval's fact. */
  readonly approvedBy?: number | undefined;
}

const steps = { data: stepData, training: stepTraining, gates: stepGates, rollout: stepRollout } as const;

/** A failure that nobody has foreseen is tried again so often at most. */
const TRIES_OF_UNKNOWN = 3;

/**
 * Goes on with a turn until it waits for something or has ended. Every step may be done twice: what it asks for carries
 * the turn's id, and what follows is written only if nobody else has gone on meanwhile. So a kill at any point, or two
 * workers at once, change nothing.
 */
export async function advance(deps: RetrainingDeps, id: string, waking: Waking): Promise<void> {
  for (;;) {
    const row = await store.findCycle(deps.database.read, id);
    if (!row || hasEnded(row.state)) return;
    const { declaration } = await deps.projects.get(row.project);
    const cause: Cause = {
      actor: waking.cause.actor,
      causationSeq: Math.max(row.last_event, waking.cause.causationSeq ?? 0),
      cycle: id,
    };
    const progress = await look({ deps, row, declaration, cause, approvedBy: waking.approvedBy }, row.state, waking);
    const isWritten = await write(deps, row, progress, cause);
    if (isWritten && (progress.kind === 'wait' || progress.kind === 'end')) return;
  }
}

async function look(turn: Turn, state: keyof typeof steps, { attempt, isLastTry }: Waking): Promise<Progress> {
  try {
    return await steps[state](turn);
  } catch (error) {
    const isPassing = error instanceof DomainError && errorCodes[error.code].isRetryable;
    const isFinal =
      isLastTry ||
      (error instanceof DomainError ? !isPassing && error.code !== 'INTERNAL' : attempt >= TRIES_OF_UNKNOWN);
    if (!isFinal) throw error;
    turn.deps.log.warn({ err: error, cycle: turn.row.id }, 'a turn of the cycle failed');
    return stopped('failed', messageOf(error));
  }
}

/** Writes what follows, in one transaction. False when the turn is no longer as it was looked at. */
async function write(deps: RetrainingDeps, row: store.CycleRow, progress: Progress, cause: Cause): Promise<boolean> {
  if (progress.kind === 'wait' && progress.reason === row.reason && !progress.change) return true;
  return await deps.database.write(async (writer) => {
    const now = deps.clock.now();
    // Asked before facts are appended, which could not be taken back by returning.
    const current = await store.findCycle(writer, row.id);
    if (current?.state !== row.state || current.last_event !== row.last_event) return false;
    if (progress.kind === 'wait')
      return await store.changeCycle(writer, row, { ...progress.change, reason: progress.reason });
    if (progress.kind === 'keep') return await store.changeCycle(writer, row, progress.change);
    const to: CycleState = progress.kind === 'next' ? progress.to : progress.outcome;
    assertTransition(cycleTransitions, `cycle ${row.number}`, row.state, to);
    if (hasEnded(row.state)) return false;
    const { end } = progress;
    const changed = { ...row, ...progress.change, state: to };
    const { seq } = await tell(deps, writer, changed, progress, cause);
    await store.insertDecisions(writer, row.id, row.state, end.decisions, now);
    await store.endStep(writer, row.id, row.state, end, now);
    if (progress.kind === 'next') {
      await store.beginStep(writer, row.id, { step: progress.to, startedAt: now });
      return await store.changeCycle(writer, row, { ...progress.change, state: to, reason: null, last_event: seq });
    }
    await store.beginStep(writer, row.id, { step: 'verdict', startedAt: now });
    await store.endStep(writer, row.id, 'verdict', { ...end, value: progress.outcome }, now);
    return await store.changeCycle(writer, row, {
      ...progress.change,
      state: to,
      reason: end.reason,
      last_event: seq,
      ended_at: now,
    });
  });
}

async function tell(
  deps: RetrainingDeps,
  writer: Parameters<typeof store.changeCycle>[0],
  row: store.CycleRow,
  progress: Extract<Progress, { kind: 'next' | 'end' }>,
  cause: Cause,
): Promise<{ seq: number }> {
  const about = { project: row.project, subject: `cycle:${row.id}` };
  const ofCycle = { cycle: row.id, number: row.number };
  const { reason } = progress.end;
  if (progress.kind === 'next') {
    const payload = { ...ofCycle, step: progress.to, reason };
    return await deps.events.append(writer, cause, { ...about, type: 'cycle.step-entered', payload });
  }
  return await deps.events.append(writer, cause, {
    ...about,
    type: 'cycle.ended',
    payload: {
      ...ofCycle,
      outcome: progress.outcome,
      reason,
      ...(row.model !== null && { model: row.model }),
      ...(row.version !== null && { version: row.version }),
      ...(row.pipeline_run !== null && { pipelineRun: row.pipeline_run }),
      ...(row.verdict !== null && { verdict: row.verdict }),
      ...(row.rollout !== null && { rollout: row.rollout }),
    },
  });
}
