import { appendFile, rm } from 'node:fs/promises';
import { performance } from 'node:perf_hooks';
import type { ExecutionResult, ExecutionSpec } from '#ports/executor';
import { endByWaitStatus, fateOf, NEVER_RUNS, readEnd, startedOn, type EndReport } from './end-report.ts';
import type { JobFacts, SlurmCommands } from './slurm-commands.ts';
import type { Watched } from './watch.ts';

/** A file that a node has written may be seen here only after a while: shared file systems remember what was not there. */
const FILES_SEEN_WITHIN_MS = 10_000;
/** What a script may need beyond time limit and grace before nothing is expected of it any more. */
const SCRIPT_SLACK_MS = 120_000;
/** A job that has not begun, and of which the controller says nothing for so long, is given up. */
const CONTROLLER_AWAY_MS = 10 * 60_000;
/** From a cancellation on, beyond the grace, before Slurm is told to end the job by itself. */
const SCRIPT_ENDS_WITHIN_MS = 30_000;

type Limits = Pick<ExecutionSpec, 'timeoutMs' | 'graceMs' | 'logFile'>;

/** An attempt that was submitted: `watched` goes to the watch, and `done` settles by what that sees. */
export interface Attempt {
  readonly watched: Watched;
  readonly done: Promise<ExecutionResult>;
  cancel(): void;
}

/** @param folder of the attempt; it is removed at the end, and from then on the job can run nothing */
export function followAttempt(job: string, folder: string, limits: Limits, commands: SlurmCommands): Attempt {
  const { promise: done, resolve } = Promise.withResolvers<ExecutionResult>();
  const submittedAtMs = performance.now();
  let heardAtMs = submittedAtMs;
  let beganAtMs: number | undefined;
  let cancelledAtMs: number | undefined;
  let goneSinceMs: number | undefined;
  let node: string | undefined;
  let isSettled = false;

  async function settle(result: Pick<ExecutionResult, 'outcome'> & Partial<ExecutionResult>): Promise<true> {
    isSettled = true;
    await rm(folder, { recursive: true, force: true }).catch(() => {});
    const none = { exitCode: null, signal: null, cpuMs: null, peakMemoryBytes: null };
    const durationMs = beganAtMs === undefined ? 0 : performance.now() - beganAtMs;
    resolve({ ...none, durationMs, ...(node && { machine: node }), ...result });
    return true;
  }

  /** Gives the attempt up: without its folder a script ends its command, on a node that comes back, too. */
  async function lose(): Promise<true> {
    await commands.end(job).catch(() => {});
    return await settle({ outcome: 'lost' });
  }

  async function say(line: string): Promise<void> {
    await appendFile(limits.logFile, `capstan: ${line}\n`).catch(() => {});
  }

  /** By the script's own report. One that was told to end by another than us leaves it to the controller to say why. */
  async function settleByReport(report: EndReport, fate?: JobFacts): Promise<boolean> {
    const { endedBy, node: machine, ...facts } = report;
    if (endedBy === 'given-up') return await settle({ outcome: 'lost', machine });
    if (endedBy === 'cancelled' && cancelledAtMs === undefined) {
      if (fate === undefined || fateOf(fate) === 'runs') return false;
      if (fateOf(fate) === 'lost') return await settle({ outcome: 'lost', machine });
      return await settle({ ...facts, machine, outcome: fate.state === 'TIMEOUT' ? 'timed-out' : 'cancelled' });
    }
    return await settle({ ...facts, machine, outcome: endedBy ?? (facts.exitCode === 0 ? 'succeeded' : 'failed') });
  }

  /** What the controller says of a job that has ended without a report. */
  async function settleByFate(facts: JobFacts): Promise<true> {
    node ||= facts.node;
    const end = endByWaitStatus(facts.waitStatus);
    const isSignalled = end.exitCode === 0 || end.signal !== null;
    if (facts.state === 'TIMEOUT' || facts.state === 'DEADLINE') {
      return await settle({ outcome: 'timed-out', exitCode: null, signal: isSignalled ? 'SIGKILL' : null });
    }
    if (cancelledAtMs !== undefined || facts.state === 'CANCELLED') {
      return await settle({ outcome: 'cancelled', exitCode: null, signal: end.signal ?? 'SIGTERM' });
    }
    if (facts.state === 'OUT_OF_MEMORY') {
      await say(`Slurm ended job ${job} on ${facts.node}: it used more memory than it had`);
      return await settle({ outcome: 'failed', exitCode: null, signal: 'SIGKILL' });
    }
    await say(
      beganAtMs === undefined
        ? `job ${job} did not begin on ${facts.node}, which must see ${folder} under this path (Slurm: ${facts.state}, ${facts.reason})`
        : `Slurm ended job ${job} on ${facts.node}: ${facts.state}, ${facts.reason}`,
    );
    return await settle({ outcome: 'failed', ...(end.exitCode === 0 ? { exitCode: null, signal: null } : end) });
  }

  function tellToEnd(): void {
    void commands.tellToEnd(job).catch(() => {});
  }

  async function hear(facts: JobFacts | undefined): Promise<boolean> {
    if (isSettled) return true;
    heardAtMs = performance.now();
    const fate = facts === undefined ? 'gone' : fateOf(facts);
    const report = await readEnd(folder);
    if (report !== undefined && (await settleByReport(report, facts))) return true;
    if (fate === 'lost') return await lose();
    if (fate === 'waits' && facts !== undefined && NEVER_RUNS.test(facts.reason)) {
      await say(`Slurm can never run job ${job}: ${facts.reason}. Ask for what the partition has (sinfo --long)`);
      await commands.end(job).catch(() => {});
      return await settle({ outcome: cancelledAtMs === undefined ? 'failed' : 'cancelled' });
    }
    if (fate === 'waits' || fate === 'runs') {
      goneSinceMs = undefined;
      if (cancelledAtMs !== undefined) {
        tellToEnd();
        if (heardAtMs - cancelledAtMs > limits.graceMs + SCRIPT_ENDS_WITHIN_MS) await commands.end(job).catch(() => {});
      }
      return await isOverdue();
    }
    goneSinceMs ??= heardAtMs;
    const neverBegan = facts?.state === 'CANCELLED' && facts.node === '';
    if (!neverBegan && heardAtMs - goneSinceMs < FILES_SEEN_WITHIN_MS) return false;
    return facts === undefined ? await lose() : await settleByFate(facts);
  }

  /** Past its limits nothing is to be expected of a command, whatever the controller says. */
  async function isOverdue(): Promise<boolean> {
    if (beganAtMs === undefined) return false;
    const mostMs = limits.timeoutMs + limits.graceMs + SCRIPT_SLACK_MS;
    return performance.now() - beganAtMs > mostMs ? await lose() : false;
  }

  return {
    done,
    watched: {
      job,
      hear,
      async lookAtFiles() {
        if (isSettled) return true;
        if (beganAtMs === undefined) {
          node = await startedOn(folder);
          if (node === undefined) return false;
          beganAtMs = performance.now();
        }
        const report = await readEnd(folder);
        return report === undefined ? false : await settleByReport(report);
      },
      async hearNothing() {
        if (isSettled) return true;
        if (beganAtMs !== undefined) return await isOverdue();
        return performance.now() - heardAtMs > CONTROLLER_AWAY_MS ? await lose() : false;
      },
    },
    cancel() {
      if (isSettled || cancelledAtMs !== undefined) return;
      cancelledAtMs = performance.now();
      tellToEnd();
    },
  };
}
