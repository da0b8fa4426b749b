import {
  appendFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { basename, join } from 'node:path';
import type { Executor } from '#ports/executor';
import { closeJournal, isUnsent } from '../reporting/journal.ts';

/** Where one run of pipelines keeps its logs, and says which commands it has running. */
export interface RunFolder {
  readonly id: string;
  /** Absolute. */
  readonly path: string;
  /** Relative to the root. */
  logOf(index: number, stage: string): string;
  /** Names a command before it is started, so that whoever comes after a killed run finds it. Returns its id. */
  begin(index: number): string;
  /** Nothing of the command is left. */
  end(index: number): void;
}

const RUNS = join('tmp', 'capstan', 'runs');
/** A line for each begin and end: a file for each command, made and removed, slows the making of every other file. */
const COMMANDS = 'commands';
const RUNS_KEPT = 10;
/** So many more are kept that a server was not told of, and so many bytes of them. */
const UNSENT_KEPT = 40;
const UNSENT_BYTES = 64 << 20;
const LONGEST_NAME = 80;

/** @param home absolute: `.dvc` */
export function makeRunFolder(home: string, id: string): RunFolder {
  const folder = join(home, RUNS, id);
  const commands = join(folder, COMMANDS);
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'run.json'), JSON.stringify({ pid: process.pid, begun: beginOf(process.pid) }));
  return {
    id,
    path: folder,
    logOf: (index, stage) =>
      `.dvc/tmp/capstan/runs/${id}/${index + 1}-${stage.replaceAll(/[^\w.-]+/g, '_').slice(0, LONGEST_NAME)}.log`,
    begin(index) {
      appendFileSync(commands, `begin ${index}\n`);
      return `${id}:${index}`;
    },
    end: (index) => appendFileSync(commands, `end ${index}\n`),
  };
}

/**
 * Ends what runs that were killed have left running, and what they tell; and removes the logs of old runs.
 * @throws DomainError NOT_IMPLEMENTED where such processes cannot be found
 */
export async function clearOldRuns(home: string, executor: Executor, now: number): Promise<void> {
  const dead = runFolders(home).filter((folder) => !isAlive(folder));
  for (const folder of dead) {
    for (const index of unendedIn(folder)) {
      await executor.reap(`${basename(folder)}:${index}`);
      appendFileSync(join(folder, COMMANDS), `end ${index}\n`);
    }
    closeJournal(folder, now);
  }
  let [unsent, unsentBytes] = [0, 0];
  for (const folder of dead.slice(0, -RUNS_KEPT).toReversed()) {
    if (isUnsent(folder)) {
      unsent++;
      unsentBytes += sizeOf(folder);
      if (unsent <= UNSENT_KEPT && unsentBytes <= UNSENT_BYTES) continue;
    }
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Indexes of the commands that began and did not end, as far as is known. */
function unendedIn(folder: string): Set<string> {
  const file = join(folder, COMMANDS);
  const running = new Set<string>();
  const lines = existsSync(file) ? readFileSync(file, 'utf8').matchAll(/^(begin|end) (\d+)$/gm) : [];
  for (const [, word, index = ''] of lines) {
    if (word === 'begin') running.add(index);
    else running.delete(index);
  }
  return running;
}

/** Folders of runs that nobody was told of and whose processes are gone, the oldest first; absolute. */
export function unsentRuns(home: string): string[] {
  return runFolders(home).filter((folder) => !isAlive(folder) && isUnsent(folder));
}

function runFolders(home: string): string[] {
  const runs = join(home, RUNS);
  if (!existsSync(runs)) return [];
  return readdirSync(runs)
    .toSorted()
    .map((id) => join(runs, id));
}

function sizeOf(folder: string): number {
  return readdirSync(folder)
    .map((name) => statSync(join(folder, name), { throwIfNoEntry: false })?.size ?? 0)
    .reduce((sum, size) => sum + size, 0);
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
