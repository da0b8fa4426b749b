// The tasks behind the npm scripts. Each gets the arguments after `--` and returns an exit code.
// Progress goes to stderr, so that stdout stays for what a task prints as its result.
import { bench } from './bench.ts';
import { build } from './build.ts';
import { check } from './check.ts';
import { differential } from './differential.ts';
import { format } from './format.ts';
import { robust } from './robust.ts';
import { say } from './shell.ts';
import { demo, start } from './start.ts';
import { test } from './test.ts';

type Task = (args: readonly string[]) => Promise<number>;

const tasks: Readonly<Record<string, Task>> = { start, demo, test, check, format, build, bench, differential, robust };

const USAGE = 2;

/** Runs the task of that name. Returns the exit code; an error is printed as one line. */
export async function runTask(name: string | undefined, args: readonly string[]): Promise<number> {
  const task = name === undefined ? undefined : tasks[name];
  if (task === undefined) {
    say(`unknown task ${name ?? '(none)'}; known: ${Object.keys(tasks).join(', ')}`);
    return USAGE;
  }
  try {
    return await task(args);
  } catch (error) {
    say(error instanceof Error ? error.message : String(error));
    return 1;
  }
}
