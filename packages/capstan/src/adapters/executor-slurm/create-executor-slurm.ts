import { closeSync } from 'node:fs';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { conflict, DomainError, messageOf } from '#kernel/errors';
import { assertExecution, openLog } from '#ports/check-execution';
import type { Execution, ExecutionSpec, Executor } from '#ports/executor';
import { followAttempt } from './attempt.ts';
import { attemptScript, submittedScript } from './job-script.ts';
import { createSlurmCommands, type SlurmTarget } from './slurm-commands.ts';
import { createWatch } from './watch.ts';

const MINUTE_MS = 60_000;
/** Slurm's own limit comes after the script's: it is there for a script that hangs. */
const LIMIT_SLACK_MS = 2 * MINUTE_MS;
/** The most minutes that Slurm takes for a limit: a year is more than any partition has. */
const MOST_MINUTES = 366 * 24 * 60;
const REAP_LOOK_EVERY_MS = 250;
const REAP_SCRIPT_MS = 60_000;
const REAP_MOST_MS = 120_000;

export interface ExecutorSlurmOptions extends SlurmTarget {
  /** Environment of Slurm's own commands, with SLURM_CONF for instance; this process's where left out. */
  readonly environment?: Readonly<Record<string, string>>;
}

/**
 * Runs commands as jobs of the Slurm cluster that this machine's `sbatch` submits to, one job an attempt, on one node.
 *
 * Working directories and logs must lie on a file system that the nodes see under the same paths, with bash 4, `setsid`,
 * `grep` and /proc on them; nothing is carried, and `files` of a command is what lies there. A folder beside the log,
 * `.ATTEMPT.slurm`, holds the script of the attempt and its report. Time limits count from the start on the node, not
 * from the submission. With `gpus` the command also gets the variables by which Slurm says which are its own.
 *
 * CPU time is that of all processes that were waited for; memory is sampled, sooner at first, every second later on.
 *
 * `start` fails with DomainError INVALID_ARGUMENT (attemptId, command, cwd, env, logFile, limits), CONFLICT,
 * STORAGE_FULL, NOT_IMPLEMENTED (no sbatch here), UNAVAILABLE (the controller does not answer; nothing will run), or
 * RESOURCE_EXHAUSTED (Slurm refuses the job, with its words).
 */
export function createExecutorSlurm(options: ExecutorSlurmOptions = {}): Executor {
  const { environment, ...target } = options;
  const commands = createSlurmCommands({ target, environment });
  const watch = createWatch(commands);
  const running = new Map<string, Execution>();
  const starting = new Set<string>();

  async function submit(spec: ExecutionSpec): Promise<Execution> {
    assertExecution(spec);
    closeSync(openLog(spec.logFile));
    const { attemptId, cwd, logFile, graceMs, resources } = spec;
    const folder = folderOf(spec);
    await makeFolder(spec, folder);
    try {
      const job = await commands.submit({
        ...{ cwd, logFile, graceMs, resources },
        name: nameOf(attemptId),
        comment: folder,
        script: submittedScript(folder),
        minutes: minutesOf(spec),
      });
      const attempt = followAttempt(job, folder, spec, commands);
      watch.add(attempt.watched);
      const done = attempt.done.finally(() => running.delete(attemptId));
      return {
        attemptId,
        done,
        cancel() {
          attempt.cancel();
          watch.stir();
        },
      };
    } catch (error) {
      // Should the job be there after all, it finds nothing to run.
      await rm(folder, { recursive: true, force: true });
      throw error;
    }
  }

  return {
    async start(spec) {
      const { attemptId } = spec;
      if (running.has(attemptId) || starting.has(attemptId)) throw runsAlready(attemptId);
      starting.add(attemptId);
      try {
        const execution = await submit(spec);
        running.set(attemptId, execution);
        return execution;
      } finally {
        starting.delete(attemptId);
      }
    },
    async reap(attemptId) {
      const own = running.get(attemptId);
      if (own) {
        own.cancel();
        await own.done;
        return;
      }
      const beganAtMs = performance.now();
      for (;;) {
        const jobs = await commands.jobsNamed(nameOf(attemptId));
        if (jobs.length === 0) return;
        const waitedMs = performance.now() - beganAtMs;
        if (waitedMs > REAP_MOST_MS) throw notEnded(jobs.map(({ job }) => job));
        for (const { job, comment } of jobs) {
          if (isFolderOf(comment, attemptId)) await rm(comment, { recursive: true, force: true });
          await (waitedMs > REAP_SCRIPT_MS ? commands.end(job) : commands.tellToEnd(job)).catch(() => {});
        }
        await sleep(REAP_LOOK_EVERY_MS);
      }
    },
  };
}

function nameOf(attemptId: string): string {
  return `capstan-${attemptId}`;
}

function folderOf({ attemptId, logFile }: ExecutionSpec): string {
  return join(dirname(logFile), `.${attemptId}.slurm`);
}

function isFolderOf(path: string, attemptId: string): boolean {
  return basename(path) === `.${attemptId}.slurm`;
}

function minutesOf({ timeoutMs, graceMs }: ExecutionSpec): number | undefined {
  const minutes = Math.ceil((timeoutMs + graceMs + LIMIT_SLACK_MS) / MINUTE_MS);
  return minutes > MOST_MINUTES ? undefined : minutes;
}

/** For this user's eyes only: the environment may hold secrets. */
async function makeFolder(spec: ExecutionSpec, folder: string): Promise<void> {
  try {
    await mkdir(folder, { mode: 0o700 });
    await writeFile(join(folder, 'job'), attemptScript(spec, folder), { mode: 0o600 });
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? cause.code : undefined;
    if (code === 'EEXIST') throw runsAlready(spec.attemptId);
    await rm(folder, { recursive: true, force: true });
    if (code === 'ENOSPC') {
      const message = 'There is no space left for the script of the attempt';
      throw new DomainError('STORAGE_FULL', message, { hint: 'Free space.', cause });
    }
    throw new DomainError('INVALID_ARGUMENT', `${folder} cannot be written: ${messageOf(cause)}`, {
      field: 'logFile',
      hint: 'Its directory must be writable for the server.',
      cause,
    });
  }
}

function runsAlready(attemptId: string): DomainError {
  return conflict(`The attempt ${attemptId} runs already`, { field: 'attemptId', hint: 'Take a new attempt id.' });
}

function notEnded(jobs: readonly string[]): DomainError {
  return new DomainError('UNAVAILABLE', `Slurm has not ended ${jobs.join(', ')} within ${REAP_MOST_MS / 1000} s`, {
    hint: 'See `scontrol show job` and the state of the node, then try again.',
  });
}
