import { findKin } from './kin.ts';
import { residentMemory, type ProcessTable } from './process-table.ts';

export type EndSignal = 'SIGTERM' | 'SIGKILL';

export interface ResourceUse {
  readonly cpuMs: number | null;
  readonly peakMemoryBytes: number | null;
}

/** All processes of one attempt. */
export interface ProcessGroup {
  /** Looks at what lives now and notes what it uses. Throws when it cannot look. */
  look(hasLeaderExited: boolean, maxAgeMs: number): readonly number[];
  signal(signal: EndSignal, pids: readonly number[]): void;
  use(): ResourceUse;
}

/** By /proc: finds also those that have left the group or the session, and what all of them use. */
export function groupByProcessTable(table: ProcessTable, attemptId: string, leaderPid: number): ProcessGroup {
  const knownKeys = new Set<string>();
  let presentCpuMs = 0;
  let goneCpuMs = 0;
  let peakMemoryBytes = 0;
  let hasGroup = false;
  return {
    look(hasLeaderExited, maxAgeMs) {
      const kin = findKin(table.read(maxAgeMs), { attemptId, leaderPid, hasLeaderExited, knownKeys });
      for (const entry of kin) knownKeys.add(entry.key);
      // The time of an ended process moves into its parent's when that waits for it; if nobody did, the sum falls.
      const nowCpuMs = kin.reduce((sum, entry) => sum + entry.cpuMs, 0);
      goneCpuMs += Math.max(0, presentCpuMs - nowCpuMs);
      presentCpuMs = nowCpuMs;
      hasGroup = kin.some((entry) => entry.groupId === leaderPid);
      const living = kin.filter((entry) => !entry.isZombie).map((entry) => entry.pid);
      const memory = living.map((pid) => residentMemory(pid));
      const togetherBytes = memory.reduce((sum, { nowBytes }) => sum + nowBytes, 0);
      peakMemoryBytes = Math.max(peakMemoryBytes, togetherBytes, ...memory.map(({ peakBytes }) => peakBytes));
      return living;
    },
    signal(signal, pids) {
      // The group at once first, since one may fork while the others are told one by one.
      if (hasGroup) tell(-leaderPid, signal);
      for (const pid of pids) tell(pid, signal);
    },
    // One that ended before it was seen has used something all the same.
    use: () =>
      peakMemoryBytes === 0
        ? { cpuMs: null, peakMemoryBytes: null }
        : { cpuMs: presentCpuMs + goneCpuMs, peakMemoryBytes },
  };
}

/** Where there is no /proc (macOS): the process group alone, and no word of what it uses. */
export function groupByNumber(leaderPid: number): ProcessGroup {
  return {
    look: () => (tell(-leaderPid, 0) ? [leaderPid] : []),
    signal: (signal) => void tell(-leaderPid, signal),
    use: () => ({ cpuMs: null, peakMemoryBytes: null }),
  };
}

/** False when no such process or group is left. */
export function tell(pid: number, signal: EndSignal | 0): boolean {
  try {
    return process.kill(pid, signal);
  } catch (error) {
    return !(error instanceof Error && 'code' in error && error.code === 'ESRCH');
  }
}
