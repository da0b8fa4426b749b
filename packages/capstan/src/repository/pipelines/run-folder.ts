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
const ABOUT = 'run.json';
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
  writeAbout(folder, { pid: process.pid, begun: beginOf(process.pid) });
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
  const dead: { readonly folder: string; readonly sizeBytes: number }[] = [];
  for (const folder of runFolders(home)) {
    const about = readAbout(folder);
    if (about?.sizeBytes !== undefined) {
      dead.push({ folder, sizeBytes: about.sizeBytes });
      continue;
    }
    if (isAlive(about)) continue;
    for (const index of unendedIn(folder)) {
      await executor.reap(`${basename(folder)}:${index}`);
      appendFileSync(join(folder, COMMANDS), `end ${index}\n`);
    }
    closeJournal(folder, now);
    const sizeBytes = sizeOf(folder);
    // Nothing is looked at again: there may be fifty of these, with a log for each stage.
    writeAbout(folder, { ...about, sizeBytes });
    dead.push({ folder, sizeBytes });
  }
  let [unsent, unsentBytes] = [0, 0];
  for (const { folder, sizeBytes } of dead.slice(0, -RUNS_KEPT).toReversed()) {
    if (isUnsent(folder)) {
      unsent++;
      unsentBytes += sizeBytes;
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
  return runFolders(home).filter((folder) => !isAlive(readAbout(folder)) && isUnsent(folder));
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

/** What `run.json` says of the process of a run, and what its folder takes once that has ended and all of it is cleared. */
interface About {
  readonly pid?: number;
  readonly begun?: string;
  readonly sizeBytes?: number;
}

/** Undefined for what cannot be read: it was cut by a kill. */
function readAbout(folder: string): About | undefined {
  try {
    return JSON.parse(readFileSync(join(folder, ABOUT), 'utf8')) as About;
  } catch {
    return undefined;
  }
}

function writeAbout(folder: string, about: About): void {
  writeFileSync(join(folder, ABOUT), JSON.stringify(about));
}

function isAlive(about: About | undefined): boolean {
  if (about?.pid === undefined || about.sizeBytes !== undefined) return false;
  try {
    process.kill(about.pid, 0);
    // The number may be another process's by now.
    return about.begun === beginOf(about.pid);
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
