import { closeSync, openSync, readdirSync, readFileSync, readSync } from 'node:fs';
import { performance } from 'node:perf_hooks';
import { messageOf } from '#kernel/errors';

/** Set in the environment of every command, so that its processes are known wherever they have moved themselves. */
export const ATTEMPT_MARKER = 'CAPSTAN_ATTEMPT_ID';

/** Linux counts CPU time for programs in hundredths of a second on every architecture (`USER_HZ`). */
const MS_PER_TICK = 10;
const KERNEL_THREADS_PARENT = 2;

/** One process as /proc shows it; see proc_pid_stat(5). */
export interface ProcessEntry {
  /** Process id and start time together: never the same for two processes. */
  readonly key: string;
  readonly pid: number;
  readonly parentPid: number;
  readonly groupId: number;
  readonly sessionId: number;
  /** It has ended and only waits for its parent to notice. */
  readonly isZombie: boolean;
  /** CPU time of the process and of the children it has waited for. */
  readonly cpuMs: number;
  /** The value of the marker in its environment at the time it was started. */
  readonly attemptId: string | undefined;
}

export interface ProcessTable {
  /** All processes, as they were at most `maxAgeMs` ago. */
  read(maxAgeMs: number): readonly ProcessEntry[];
  /** What the last real read cost, so that callers can keep their share of the CPU small. */
  readonly lastReadMs: number;
}

/**
 * The processes of this machine by Linux's /proc.
 * @param strangersKeptMs real time for which those of the first reading are taken for what they were, so short that no
 *   process id can come round in it; that reading is then to be made before the first command is started
 */
export function createProcessTable(strangersKeptMs = 0): ProcessTable {
  let entries: readonly ProcessEntry[] = [];
  let readAtMs = Number.NEGATIVE_INFINITY;
  let lastReadMs = 0;
  let markers = new Map<string, string | undefined>();
  /** Keys of those that were there before the first command: none of them can be of one. */
  let strangerKeys: ReadonlySet<string> | undefined;
  let strangers: ReadonlyMap<number, ProcessEntry> = new Map();
  let strangersReadAtMs = Number.NEGATIVE_INFINITY;
  return {
    get lastReadMs() {
      return lastReadMs;
    },
    read(maxAgeMs) {
      const beginMs = performance.now();
      if (beginMs - readAtMs < maxAgeMs) return entries;
      const areStrangersOld = beginMs - strangersReadAtMs >= strangersKeptMs;
      const seen = new Map<string, string | undefined>();
      const kept = areStrangersOld ? undefined : strangers;
      entries = readdirSync('/proc')
        .filter((name) => /^\d+$/.test(name))
        .flatMap((name) => kept?.get(Number(name)) ?? readEntry(Number(name), markers, seen) ?? []);
      // What was not read this time is not forgotten.
      markers = areStrangersOld ? seen : new Map([...markers, ...seen]);
      const known = (strangerKeys ??= new Set(entries.map(({ key }) => key)));
      if (areStrangersOld) {
        strangers = new Map(entries.filter(({ key }) => known.has(key)).map((entry) => [entry.pid, entry]));
        strangersReadAtMs = beginMs;
      }
      readAtMs = beginMs;
      lastReadMs = performance.now() - beginMs;
      return entries;
    },
  };
}

function readEntry(
  pid: number,
  known: ReadonlyMap<string, string | undefined>,
  seen: Map<string, string | undefined>,
): ProcessEntry | undefined {
  const stat = readStat(pid);
  if (stat === undefined) return undefined;
  // The second field is the name in parentheses, and a name may hold spaces and parentheses itself.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const field = (number: number) => Number(fields[number - 3]);
  const key = `${pid}:${fields[22 - 3]}`;
  const parentPid = field(4);
  const isKernels = pid === KERNEL_THREADS_PARENT || parentPid === KERNEL_THREADS_PARENT;
  const attemptId = isKernels ? undefined : markerOf(pid, key, known, seen);
  return {
    key,
    pid,
    parentPid,
    groupId: field(5),
    sessionId: field(6),
    isZombie: fields[0] === 'Z' || fields[0] === 'X',
    cpuMs: (field(14) + field(15) + field(16) + field(17)) * MS_PER_TICK,
    attemptId,
  };
}

/** A process keeps the verdict on its environment, also when it starts another program with another environment. */
function markerOf(
  pid: number,
  key: string,
  known: ReadonlyMap<string, string | undefined>,
  seen: Map<string, string | undefined>,
): string | undefined {
  if (known.has(key)) {
    seen.set(key, known.get(key));
    return known.get(key);
  }
  const environment = readProcessFile(pid, 'environ');
  // Nothing is shown of other people's processes, nor for a moment while one starts a program: look again next time.
  if (!environment) return undefined;
  const line = environment.split('\0').find((variable) => variable.startsWith(`${ATTEMPT_MARKER}=`));
  const attemptId = line?.slice(ATTEMPT_MARKER.length + 1);
  seen.set(key, attemptId);
  return attemptId;
}

/** Resident memory now and at its highest, in bytes; zero for a process that has just gone. See proc_pid_status(5). */
export function residentMemory(pid: number): { readonly nowBytes: number; readonly peakBytes: number } {
  const status = readProcessFile(pid, 'status') ?? '';
  const bytes = (name: string) => Number(new RegExp(`^${name}:\\s*(\\d+) kB$`, 'm').exec(status)?.[1] ?? 0) * 1024;
  return { nowBytes: bytes('VmRSS'), peakBytes: bytes('VmHWM') };
}

const statBytes = Buffer.alloc(2048);

/** By hand, since it is read for every process of the machine ten times a second: half the cost of `readFileSync`. */
function readStat(pid: number): string | undefined {
  return unlessGone(() => {
    const descriptor = openSync(`/proc/${pid}/stat`, 'r');
    try {
      return statBytes.toString('latin1', 0, readSync(descriptor, statBytes));
    } finally {
      closeSync(descriptor);
    }
  });
}

function readProcessFile(pid: number, name: string): string | undefined {
  return unlessGone(() => readFileSync(`/proc/${pid}/${name}`, 'utf8'));
}

const GONE_OR_HIDDEN = /ENOENT|ESRCH|EACCES|EPERM/;

function unlessGone(read: () => string): string | undefined {
  try {
    return read();
  } catch (error) {
    if (GONE_OR_HIDDEN.test(messageOf(error))) return undefined;
    throw error;
  }
}
