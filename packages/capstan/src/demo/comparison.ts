import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { constants, setPriority } from 'node:os';
import { join } from 'node:path';
import { DomainError } from '#kernel/errors';
import { calendar, DAY_MS } from './days.ts';
import type { Stage } from './stage.ts';

interface ComparisonOptions {
  /** Where the server builds Python environments; the project's is there. */
  readonly environments: string;
  readonly until: number;
  say(line: string): void;
}

/** The same year run in other ways, by the example's own compare.py in the project's environment. */
export interface Comparison {
  /**
   * Capstan beside the alternatives, once those are trained; null when they were stopped.
   * @throws DomainError INTERNAL with compare.py's reason
   */
  table(): Promise<string | null>;
  /** Ends what is under way. */
  stop(): void;
}

/**
 * Trains the alternatives in the background: they need the first model version and nothing of the year that is played
 * meanwhile. Ends with this process, however that ends.
 */
export function startComparison(
  stage: Pick<Stage, 'example' | 'notes' | 'server' | 'world'>,
  { environments, until, say }: ComparisonOptions,
): Comparison {
  const cache = join(stage.notes, `alternatives-${until}.npz`);
  let isStopped = false;
  const running = new Set<ChildProcess>();

  async function run(command: 'alternatives' | 'table', isBackground: boolean): Promise<string> {
    const child = spawn(pythonOf(environments), commandLine(stage, command, cache, until), {
      cwd: stage.example,
      // One thread: the figures are the same with any number, and several wait for each other where others are at work.
      env: { PATH: '', LANG: 'C.UTF-8', HOME: stage.notes, OMP_NUM_THREADS: '1' },
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    child.stdin.on('error', () => {});
    if (isBackground) giveWay(child);
    running.add(child);
    try {
      return await outputOf(child, command);
    } finally {
      running.delete(child);
    }
  }

  async function train(isBackground: boolean): Promise<Error | undefined> {
    try {
      if (!existsSync(cache)) await run('alternatives', isBackground);
      return undefined;
    } catch (error) {
      return error instanceof Error ? error : new Error(String(error));
    }
  }

  let isTrained = false;
  const trained = train(true).finally(() => (isTrained = true));
  return {
    async table() {
      if (!isTrained) say('the same year without Capstan: never retrained, retrained blindly, a simple gate ...');
      let failure = await trained;
      if (failure && !isStopped) {
        // A plane that was away for a moment is a reason that has passed.
        say(`the alternatives are trained again: ${failure.message}`);
        failure = await train(false);
      }
      if (isStopped) return null;
      if (failure) throw failure;
      try {
        return (await run('table', false)).trimEnd();
      } catch (error) {
        if (isStopped) return null;
        throw error;
      }
    },
    stop() {
      isStopped = true;
      for (const child of running) child.kill();
    },
  };
}

function commandLine(
  { notes, server, world }: Pick<Stage, 'notes' | 'server' | 'world'>,
  command: string,
  cache: string,
  until: number,
): string[] {
  return [
    'compare.py',
    command,
    '--while-input-open',
    '--features',
    world.file,
    '--answers',
    join(notes, 'answers'),
    '--cache',
    cache,
    '--until',
    new Date(Math.min(until, calendar.end - DAY_MS)).toISOString().slice(0, 19),
    '--capstan',
    server.url,
  ];
}

const LONGEST_COMPLAINT = 4_000;

/** What it printed. @throws DomainError INTERNAL with what it said of its end */
function outputOf(child: ChildProcess, command: string): Promise<string> {
  let printed = '';
  let complaint = '';
  child.stdout?.setEncoding('utf8').on('data', (text: string) => (printed += text));
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    complaint = (complaint + text).slice(-LONGEST_COMPLAINT);
  });
  return new Promise((resolve, reject) => {
    child.once('error', reject).once('close', (code, signal) => {
      if (code === 0) return resolve(printed);
      const end = `compare.py ${command} ended with ${signal ?? code}`;
      reject(new DomainError('INTERNAL', complaint === '' ? end : `${end}:\n${complaint.trimEnd()}`));
    });
  });
}

function giveWay({ pid }: ChildProcess): void {
  try {
    if (pid !== undefined) setPriority(pid, constants.priority.PRIORITY_LOW);
  } catch {
    // It has ended already, which it says itself.
  }
}

/** The environment that the pipeline was run in. */
function pythonOf(environments: string): string {
  const whole = existsSync(environments)
    ? readdirSync(environments).find((name) => existsSync(join(environments, name, 'capstan-environment.json')))
    : undefined;
  if (whole === undefined) throw new DomainError('CONFLICT', 'No Python environment was built');
  return join(environments, whole, 'bin', 'python');
}
