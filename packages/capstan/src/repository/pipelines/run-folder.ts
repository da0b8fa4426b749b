import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Executor } from '#ports/executor';

/** Where one run of pipelines keeps its logs, and says which commands it has running. */
export interface RunFolder {
  readonly id: string;
  /** Relative to the root. */
  logOf(index: number, stage: string): string;
  /** Names a command before it is started, so that whoever comes after a killed run finds it. Returns its id. */
  begin(index: number): string;
  /** Nothing of the command is left. */
  end(index: number): void;
}

const RUNS = join('tmp', 'capstan', 'runs');
const RUNS_KEPT = 10;
const LONGEST_NAME = 80;

/** @param home absolute: `.dvc` */
export function makeRunFolder(home: string, id: string): RunFolder {
  const folder = join(home, RUNS, id);
  mkdirSync(join(folder, 'attempts'), { recursive: true });
  writeFileSync(join(folder, 'run.json'), JSON.stringify({ pid: process.pid, begun: beginOf(process.pid) }));
  return {
    id,
    logOf: (index, stage) =>
      `.dvc/tmp/capstan/runs/${id}/${index + 1}-${stage.replaceAll(/[^\w.-]+/g, '_').slice(0, LONGEST_NAME)}.log`,
    begin(index) {
      writeFileSync(join(folder, 'attempts', String(index)), '');
      return `${id}:${index}`;
    },
    end: (index) => rmSync(join(folder, 'attempts', String(index)), { force: true }),
  };
}

/**
 * Ends what runs that were killed have left running, and removes the logs of old runs.
 * @throws DomainError NOT_IMPLEMENTED where such processes cannot be found
 */
export async function clearOldRuns(home: string, executor: Executor): Promise<void> {
  const runs = join(home, RUNS);
  if (!existsSync(runs)) return;
  const ids = readdirSync(runs).toSorted();
  for (const [index, id] of ids.entries()) {
    if (isAlive(join(runs, id))) continue;
    const attempts = join(runs, id, 'attempts');
    for (const attempt of existsSync(attempts) ? readdirSync(attempts) : []) {
      await executor.reap(`${id}:${attempt}`);
      rmSync(join(attempts, attempt), { force: true });
    }
    if (index < ids.length - RUNS_KEPT) rmSync(join(runs, id), { recursive: true, force: true });
  }
}

function isAlive(folder: string): boolean {
  try {
    const { pid, begun } = JSON.parse(readFileSync(join(folder, 'run.json'), 'utf8')) as { pid: number; begun: string };
    process.kill(pid, 0);
    // The number may be another process's by now.
    return begun === beginOf(pid);
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}

/** When a process began, in the system's own words; empty where it does not tell. See proc_pid_stat(5), field 22. */
function beginOf(pid: number): string {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? '';
  } catch {
    return '';
  }
}
