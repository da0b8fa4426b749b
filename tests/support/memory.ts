// What a process has cost by the kernel's own count: memory at most, and CPU time. Linux only.
import { readFileSync, writeFileSync } from 'node:fs';

function kilobytesOf(pid: number, field: 'VmRSS' | 'VmHWM'): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  return Number(new RegExp(`^${field}:\\s+(\\d+) kB`, 'm').exec(status)?.[1]);
}

/** Forgets the peak so far. Returns a function for how far the process has been over its present size since, in bytes. */
export function watchPeak(pid: number): () => number {
  const idle = kilobytesOf(pid, 'VmRSS');
  writeFileSync(`/proc/${pid}/clear_refs`, '5');
  return () => (kilobytesOf(pid, 'VmHWM') - idle) * 1_024;
}

const TICKS_A_SECOND = 100;

/** CPU time of all threads of a process so far, in seconds. */
export function cpuSeconds(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)?.split(' ') ?? [];
  return (Number(fields[11]) + Number(fields[12])) / TICKS_A_SECOND;
}
