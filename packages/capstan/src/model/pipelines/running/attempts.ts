import { createReadStream, existsSync } from 'node:fs';
import { rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { EventPayload } from '@capstan/api';
import type { Writer } from '#database';
import type { Cause } from '#kernel/cause';
import type { Digest } from '#ports/blob-store';
import type { ExecutionResult, Executor } from '#ports/executor';
import { ClaimLost, writeClaimed } from './active-run.ts';
import type { PipelinesDeps } from '../deps.ts';
import { reapLeftover } from '#ports/reap-leftover';
import * as store from '../store.ts';
import type { TrailingWork } from './trailing-work.ts';

export interface AttemptEnd {
  readonly status: 'succeeded' | 'failed' | 'timed-out' | 'cancelled' | 'lost';
  readonly reason: string | null;
  readonly result?: ExecutionResult;
}

interface RunOfAttempt {
  readonly deps: PipelinesDeps;
  readonly id: string;
  readonly project: string;
  readonly fence: number;
  readonly cause: Cause;
  /** Where its experiment run may be told later; else it is told at once. */
  readonly trailing?: TrailingWork;
}

const runStatuses = {
  succeeded: 'FINISHED',
  failed: 'FAILED',
  'timed-out': 'FAILED',
  cancelled: 'KILLED',
  lost: 'KILLED',
} as const satisfies Record<AttemptEnd['status'], string>;

/** The server went away, or had to give up for a reason of its own, which its log tells. */
export const LOST_REASON = 'the server stopped while it ran';

export function logFileOf(deps: Pick<PipelinesDeps, 'folders'>, attemptId: string): string {
  return join(deps.folders.logs, `${attemptId}.log`);
}

/**
 * Records how an attempt ended: row, fact and whatever `also` adds in one transaction; the experiment run is told after it.
 * A kill in between is made up for by `settleAttempts`.
 * @throws ClaimLost where the attempt has ended already: nothing of it is taken then
 */
export async function endAttempt(
  run: RunOfAttempt,
  attempt: store.AttemptRow,
  end: AttemptEnd,
  also: (writer: Writer) => Promise<void> = async () => {},
): Promise<void> {
  const { deps } = run;
  const log = await storeLog(run, attempt);
  const { result } = end;
  const ended: Partial<store.AttemptRow> = {
    status: end.status,
    reason: end.reason,
    ended_at: deps.clock.now(),
    exit_code: result?.exitCode ?? null,
    signal: result?.signal ?? null,
    duration_ms: rounded(result?.durationMs),
    cpu_ms: rounded(result?.cpuMs),
    peak_memory_bytes: result?.peakMemoryBytes ?? null,
    log_digest: log ?? null,
    machine: result?.machine ?? null,
  };
  await writeClaimed(run, async (writer) => {
    // What was taken for lost, or ended by another hand, has nothing more to say.
    if (!(await store.endAttempt(writer, attempt.id, ended))) throw new ClaimLost(`the attempt ${attempt.id} is over`);
    await also(writer);
    const payload: EventPayload<'stage-attempt.ended'> = {
      pipelineRun: run.id,
      stage: attempt.stage,
      attempt: attempt.id,
      number: attempt.number,
      outcome: end.status,
      ...(attempt.run_id !== null && { runId: attempt.run_id }),
      ...(result?.exitCode != null && { exitCode: result.exitCode }),
      ...(result && { durationMs: result.durationMs }),
    };
    await deps.events.append(writer, run.cause, {
      type: 'stage-attempt.ended',
      project: run.project,
      subject: `pipeline-run:${run.id}`,
      payload,
    });
  });
  const tell = () => settle(run, { ...attempt, ...ended });
  if (run.trailing) run.trailing.begin(tell);
  else await tell();
  await rm(logFileOf(deps, attempt.id), { force: true });
}

/**
 * Closes what an earlier server left open: ends processes of attempts that still run, marks those attempts lost, and ends
 * experiment runs whose attempts have ended.
 * @param executor what the attempts were started on; undefined where this server has it no longer
 */
export async function settleAttempts(run: RunOfAttempt, executor: Executor | undefined): Promise<store.AttemptRow[]> {
  const { deps } = run;
  const lost: store.AttemptRow[] = [];
  for (const attempt of await store.unsettledAttempts(deps.database.read, run.id)) {
    if (attempt.status !== 'running') {
      await settle(run, attempt);
      continue;
    }
    await reapLeftover({ executor, log: deps.log }, attempt.id);
    const runId = attempt.run_id ?? (await deps.tracker.find(run.project, attempt.id)) ?? null;
    const known = { ...attempt, run_id: runId };
    await endAttempt(run, known, { status: 'lost', reason: LOST_REASON }, async (writer) => {
      await store.updateAttempt(writer, attempt.id, { run_id: runId });
    });
    lost.push(known);
  }
  return lost;
}

/** Idempotent: ends the attempt's experiment run and notes that it has been told. */
async function settle(run: RunOfAttempt, attempt: store.AttemptRow): Promise<void> {
  const { deps, cause } = run;
  if (attempt.status === 'running') return;
  if (attempt.run_id !== null) {
    await deps.tracker.end(attempt.run_id, runStatuses[attempt.status], attempt.ended_at ?? deps.clock.now(), cause);
  }
  await writeClaimed(run, (writer) => store.updateAttempt(writer, attempt.id, { is_run_ended: 1 }));
}

/** Keeps the log as an artifact of the attempt's run. Returns its digest; undefined where nothing was printed. */
async function storeLog(run: RunOfAttempt, attempt: store.AttemptRow): Promise<Digest | undefined> {
  const { deps } = run;
  const file = logFileOf(deps, attempt.id);
  if (!existsSync(file)) return undefined;
  // Up to here and no further: a process that could not be found may still write.
  const { size } = await stat(file);
  if (size === 0) return undefined;
  const blob = await deps.blobs.put(createReadStream(file, { end: size - 1 }));
  if (attempt.run_id !== null) await deps.tracker.attach(attempt.run_id, { path: 'log.txt', ...blob }, run.cause);
  return blob.digest;
}

function rounded(value: number | null | undefined): number | null {
  return value === null || value === undefined ? null : Math.round(value);
}
