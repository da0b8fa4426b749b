import { readFileSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';

// What a worker's processes are and take, by /proc. Elsewhere than on Linux nothing is seen.

/** In the environment of a worker, and so of all that it starts, wherever that has moved itself. */
export const WORKER_MARKER = 'CAPSTAN_WORKER';

const PAGE_BYTES = 4096;

/** Resident memory of one process now; 0 where it cannot be seen. See proc_pid_statm(5). */
export function residentBytes(pid: number): number {
  try {
    return Number(readFileSync(`/proc/${pid}/statm`, 'latin1').split(' ')[1] ?? 0) * PAGE_BYTES;
  } catch {
    return 0;
  }
}

/** All that descend from a process, by the lists of children that the kernel keeps. */
export async function descendantsOf(pid: number): Promise<number[]> {
  const found: number[] = [];
  const waiting = [pid];
  for (let parent = waiting.pop(); parent !== undefined; parent = waiting.pop()) {
    for (const thread of await readdir(`/proc/${parent}/task`).catch(() => [])) {
      const text = await readFile(`/proc/${parent}/task/${thread}/children`, 'latin1').catch(() => '');
      const children = text.split(' ').map(Number).filter(Boolean);
      found.push(...children);
      waiting.push(...children);
    }
  }
  return found;
}

/** Processes with the mark of a worker. */
export async function markedProcesses(mark: string): Promise<number[]> {
  const found: number[] = [];
  const wanted = `${WORKER_MARKER}=${mark}`;
  for (const name of await readdir('/proc').catch(() => [])) {
    if (!/^\d+$/.test(name)) continue;
    const variables = await readFile(`/proc/${name}/environ`, 'latin1').catch(() => '');
    if (variables.split('\0').includes(wanted)) found.push(Number(name));
  }
  return found;
}

/** False when there is no such process, or group (a negative number). */
export function tell(pid: number, signal: 'SIGTERM' | 'SIGKILL'): boolean {
  try {
    return process.kill(pid, signal);
  } catch {
    return false;
  }
}
