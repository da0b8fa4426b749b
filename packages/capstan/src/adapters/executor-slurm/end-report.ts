import { readFile } from 'node:fs/promises';
import { constants } from 'node:os';
import { join } from 'node:path';
import type { ExecutionResult } from '#ports/executor';
import type { JobFacts } from './slurm-commands.ts';

const MS_PER_TICK = 10;
const KIB = 1024;

/** How an attempt went, as its script tells it. */
export interface EndReport {
  readonly exitCode: number | null;
  readonly signal: string | null;
  /** Why the script ended the command, or null where that ended by itself. */
  readonly endedBy: 'timed-out' | 'cancelled' | 'given-up' | null;
  readonly durationMs: number;
  readonly cpuMs: number | null;
  readonly peakMemoryBytes: number | null;
  readonly node: string;
}

/** The script's report, or undefined before its end. */
export async function readEnd(folder: string): Promise<EndReport | undefined> {
  const text = await readFile(join(folder, 'end'), 'utf8').catch(() => undefined);
  return text === undefined ? undefined : endReportOf(text);
}

/** Whether the script has begun; from then on it runs the command, now or never. */
export async function startedOn(folder: string): Promise<string | undefined> {
  const name = await readFile(join(folder, 'started', 'node'), 'utf8').catch(() => undefined);
  return name?.trim();
}

export function endReportOf(text: string): EndReport {
  const values = new Map(
    text.split('\n').map((line) => {
      const [name = '', value = ''] = line.split('=');
      return [name, value];
    }),
  );
  const endedBy = values.get('by') ?? '';
  const peakKib = Number(values.get('peakKb'));
  return {
    exitCode: values.has('exit') ? Number(values.get('exit')) : null,
    signal: values.has('signal') ? signalName(Number(values.get('signal'))) : null,
    endedBy: endedBy === 'timed-out' || endedBy === 'cancelled' || endedBy === 'given-up' ? endedBy : null,
    durationMs: Math.max(1, Number(values.get('ticks')) * MS_PER_TICK),
    cpuMs: cpuMsOf(text),
    peakMemoryBytes: peakKib > 0 ? peakKib * KIB : null,
    node: values.get('node') ?? '',
  };
}

/** Bash's `times` prints user and system time of all children that were waited for as `1m2.345s 0m0.010s`. */
function cpuMsOf(text: string): number | null {
  const found = /^(\d+)m(\d+)[.,](\d{3})s (\d+)m(\d+)[.,](\d{3})s$/m.exec(text);
  if (!found) return null;
  const [userMinutes = 0, user = 0, userMs = 0, systemMinutes = 0, system = 0, systemMs = 0] = found
    .slice(1)
    .map(Number);
  return ((userMinutes + systemMinutes) * 60 + user + system) * 1000 + userMs + systemMs;
}

function signalName(number: number): string {
  const found = Object.entries(constants.signals).find(([, value]) => value === number);
  return found?.[0] ?? `SIG${number}`;
}

/** What wait(2) says of a job whose script could not report. */
export function endByWaitStatus(waitStatus: number): Pick<ExecutionResult, 'exitCode' | 'signal'> {
  const signal = waitStatus & 0x7f;
  if (signal !== 0) return { exitCode: null, signal: signalName(signal) };
  return { exitCode: (waitStatus >> 8) & 0xff, signal: null };
}

export type Fate = 'waits' | 'runs' | 'ended' | 'lost';

/** What a job's state means for its attempt; see squeue(1), "JOB STATE CODES". */
export function fateOf({ state }: Pick<JobFacts, 'state'>): Fate {
  switch (state) {
    case 'PENDING':
    case 'CONFIGURING':
    case 'REQUEUED':
    case 'REQUEUE_HOLD':
    case 'RESV_DEL_HOLD':
    case 'REQUEUE_FED':
    case 'SPECIAL_EXIT':
      return 'waits';
    case 'COMPLETED':
    case 'FAILED':
    case 'TIMEOUT':
    case 'DEADLINE':
    case 'CANCELLED':
    case 'OUT_OF_MEMORY':
      return 'ended';
    case 'NODE_FAIL':
    case 'BOOT_FAIL':
    case 'PREEMPTED':
    case 'REVOKED':
      return 'lost';
    default:
      return 'runs';
  }
}

/** Why a job waits that will wait for ever; see squeue(1), "JOB REASON CODES". */
export const NEVER_RUNS =
  /^(BadConstraints|Partition(NodeLimit|TimeLimit|Config)|InvalidAccount|InvalidQOS|AccountNotAllowed|QOSNotAllowed|DependencyNeverSatisfied|AssociationTimeLimit|AssocMax\w*PerJob\w*|QOSMax\w*PerJob\w*)$/;
