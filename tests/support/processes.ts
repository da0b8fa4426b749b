// Processes of this machine, as /proc shows them.
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

/** Processes of an attempt on this machine. */
export function processesOfAttempt(attemptId: string): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => fileOf(pid, 'environ').split('\0').includes(`CAPSTAN_ATTEMPT_ID=${attemptId}`));
}

/** The process that started it. */
export function parentOf(pid: number): number {
  const stat = fileOf(pid, 'stat');
  return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
}

/** Processes with that in their command line. */
export function processesLike(text: string): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => fileOf(pid, 'cmdline').includes(text));
}

/** Those of them that work somewhere below a folder. */
export function processesIn(folder: string, text: string): number[] {
  return processesLike(text).filter((pid) => {
    try {
      return readlinkSync(`/proc/${pid}/cwd`).startsWith(folder);
    } catch {
      return false;
    }
  });
}

/** Kills one process. Number 0, and none, would be all processes of this test's own group. @throws Error where it was not found */
export function killFound(pid: number | undefined): void {
  if (!pid || pid < 0) throw new Error('there is no such process to kill');
  process.kill(pid, 'SIGKILL');
}

/** Its program, its working folder, and the files that it has open. */
export function filesOf(pid: number): string[] {
  const open = readdirSync(`/proc/${pid}/fd`).map((name) => `fd/${name}`);
  return ['exe', 'cwd', ...open].flatMap((name) => {
    try {
      return [readlinkSync(`/proc/${pid}/${name}`)];
    } catch {
      return [];
    }
  });
}

function fileOf(pid: number, name: string): string {
  try {
    return readFileSync(`/proc/${pid}/${name}`, 'latin1');
  } catch {
    return '';
  }
}

/** Waits until that is so; the test's own time limit ends it. */
export async function until(isSo: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await isSo())) await sleep(20);
}
