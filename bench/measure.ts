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

/** `name  value unit  (goal …)`, with the machine at the top of the report. */
export function tell(rows: readonly Figure[]): void {
  const [cpu] = cpus();
  console.log(
    `${cpus().length} × ${cpu?.model ?? 'unknown'}, Node ${process.versions.node}, ${new Date().toISOString().slice(0, 10)}`,
  );
  for (const { name, value, unit, goal } of rows) {
    console.log(`${name.padEnd(44)} ${value.toFixed(value < 10 ? 2 : 0).padStart(8)} ${unit.padEnd(7)} goal ${goal}`);
  }
}

/** Resident memory of a process and all that it started, MB. */
export function memoryOf(pid: number): number {
  const table = execFileSync('ps', ['-eo', 'pid=,ppid=,rss='], { encoding: 'utf8' })
    .trim()
    .split('\n')
    .map((line) => line.trim().split(/\s+/).map(Number));
  const mine = new Set([pid]);
  for (let size = 0; size !== mine.size;) {
    size = mine.size;
    for (const [child = 0, parent = 0] of table) if (mine.has(parent)) mine.add(child);
  }
  return table.reduce((sum, [child = 0, , kilobytes = 0]) => sum + (mine.has(child) ? kilobytes / 1_024 : 0), 0);
}
