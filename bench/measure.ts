// What benchmarks share: a real server in its own processes, medians, and how a figure is told.
import { execFileSync } from 'node:child_process';
import { cpus } from 'node:os';

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor((sorted.length - 1) / 2)] ?? Number.NaN;
}

export interface Figure {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  readonly goal: string;
}

/** What a figure was measured on, and when. */
export function machine(): string {
  const [cpu] = cpus();
  return `${cpus().length} × ${cpu?.model ?? 'unknown'}, Node ${process.versions.node}, ${new Date().toISOString().slice(0, 10)}`;
}

/** `name  value unit  (goal …)`, with the machine at the top of the report. */
export function tell(rows: readonly Figure[]): void {
  console.log(machine());
  for (const { name, value, unit, goal } of rows) {
    console.log(`${name.padEnd(44)} ${value.toFixed(value < 10 ? 2 : 0).padStart(8)} ${unit.padEnd(7)} goal ${goal}`);
  }
}

/** A process and all that it started, directly or not. */
export function processesOf(pid: number): number[] {
  const table = processTable();
  const mine = new Set([pid]);
  for (let size = 0; size !== mine.size;) {
    size = mine.size;
    for (const { id, parent } of table) if (mine.has(parent)) mine.add(id);
  }
  return [...mine];
}

/** Resident memory of a process and all that it started, MB. */
export function memoryOf(pid: number): number {
  const mine = new Set(processesOf(pid));
  return processTable().reduce((sum, { id, kilobytes }) => sum + (mine.has(id) ? kilobytes / 1_024 : 0), 0);
}

function processTable(): { id: number; parent: number; kilobytes: number }[] {
  return execFileSync('ps', ['-eo', 'pid=,ppid=,rss='], { encoding: 'utf8' })
    .trim()
    .split('\n')
    .map((line) => {
      const [id = 0, parent = 0, kilobytes = 0] = line.trim().split(/\s+/).map(Number);
      return { id, parent, kilobytes };
    });
}
