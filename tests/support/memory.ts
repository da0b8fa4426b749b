// How much memory a process has taken at most: what the kernel has counted, not what a sample has seen. Linux only.
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
