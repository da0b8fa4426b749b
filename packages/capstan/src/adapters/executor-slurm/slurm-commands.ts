import { execFile } from 'node:child_process';
import { DomainError } from '#kernel/errors';
import type { Resources } from '#ports/executor';

const ANSWER_WITHIN_MS = 30_000;
const MOST_OUTPUT_BYTES = 64 * 1024 * 1024;
const MIB = 2 ** 20;
/** What Slurm's commands say when its controller, or the service that vouches for users, does not answer. */
const AWAY =
  /unable to contact|connect failure|connection refused|timed out|not responding|zero bytes were transmitted|munge|unable to process configuration|controller is (starting|down)|backup controller/i;
/** Says squeue for a job that ended so long ago that the controller has dropped it. */
const FORGOTTEN = /invalid job id/i;

/** Where jobs go, by Slurm's own names; what is left out is the cluster's default. */
export interface SlurmTarget {
  readonly partition?: string;
  readonly account?: string;
  readonly qos?: string;
}

export interface Submission {
  readonly name: string;
  /** Kept with the job and found again by `jobsNamed`. */
  readonly comment: string;
  readonly script: string;
  readonly cwd: string;
  /** Holds all of the script's environment, as `NAME=VALUE` that end with a NUL. */
  readonly environmentFile: string;
  /** What Slurm itself has to say of the job is appended to it. */
  readonly logFile: string;
  /** Whole minutes, Slurm's own resolution; undefined is no limit. */
  readonly minutes: number | undefined;
  readonly graceMs: number;
  readonly resources: Resources | undefined;
}

/** A job as the controller has it; see squeue(1), "JOB STATE CODES" and "JOB REASON CODES". */
export interface JobFacts {
  readonly state: string;
  readonly reason: string;
  /** As wait(2) tells it: the exit code in the second byte, the signal in the seven low bits. */
  readonly waitStatus: number;
  readonly node: string;
}

export interface SlurmCommands {
  /**
   * Returns the number of the job.
   * @throws DomainError NOT_IMPLEMENTED without Slurm; UNAVAILABLE, after which the job may be there or not;
   *   RESOURCE_EXHAUSTED when Slurm refuses the job
   */
  submit(submission: Submission): Promise<string>;
  /** What the controller knows of these jobs, all in one call; those that it has dropped are left out. */
  look(jobs: readonly string[]): Promise<ReadonlyMap<string, JobFacts>>;
  /** Jobs of that name that have not ended, with their comments. */
  jobsNamed(name: string): Promise<readonly { readonly job: string; readonly comment: string }[]>;
  /** Takes a waiting job out of the queue; to the script of one that runs says TERM, and no more than that. */
  tellToEnd(job: string): Promise<void>;
  /** Slurm's own end of a job: TERM to all of it, and KILL after the time that the cluster gives. */
  end(job: string): Promise<void>;
}

interface CommandsOptions {
  readonly target: SlurmTarget;
  /** Of the commands; inherited where left out. */
  readonly environment: Readonly<Record<string, string>> | undefined;
}

export function createSlurmCommands({ target, environment }: CommandsOptions): SlurmCommands {
  const run = (program: string, args: readonly string[], input?: string): Promise<string> =>
    runCommand(program, args, environment, input);

  return {
    async submit(submission) {
      const args = submissionArgs(submission, target);
      try {
        const said = await run('sbatch', args, submission.script);
        const job = /^(\d+)(?:;.*)?$/m.exec(said)?.[1];
        if (job === undefined)
          throw unavailable('sbatch', `it printed no job number but ${JSON.stringify(said.trim())}`);
        return job;
      } catch (error) {
        throw error instanceof CommandFailure ? refusal(error.said) : error;
      }
    },
    async look(jobs) {
      const format = ['JobID:|', 'State:|', 'exit_code:|', 'NodeList:|', 'Reason'].join(',');
      const said = await run('squeue', [
        '--noheader',
        '--states=all',
        `--jobs=${jobs.join(',')}`,
        `--Format=${format}`,
      ]).catch(nothingWhenForgotten);
      return new Map(rowsOf(said, 5).map(([job, ...facts]) => [job ?? '', factsOf(facts)]));
    },
    async jobsNamed(name) {
      const states = 'PENDING,CONFIGURING,RUNNING,SUSPENDED,STOPPED,COMPLETING,SIGNALING,STAGE_OUT,REQUEUED';
      const said = await run('squeue', [
        '--noheader',
        '--me',
        `--name=${name}`,
        `--states=${states}`,
        '--Format=JobID:|,Comment:4096',
      ]);
      return rowsOf(said, 2).map(([job = '', comment = '']) => ({ job, comment }));
    },
    async tellToEnd(job) {
      await run('scancel', ['--state=PENDING', job]).catch(nothingWhenForgotten);
      await run('scancel', ['--batch', '--signal=TERM', job]).catch(nothingWhenForgotten);
    },
    async end(job) {
      await run('scancel', [job]).catch(nothingWhenForgotten);
    },
  };
}

function submissionArgs(submission: Submission, target: SlurmTarget): string[] {
  const { resources } = submission;
  // Of the file's name Slurm reads % as its own; a backslash would turn that off, and be left out.
  const output = submission.logFile.includes('\\') ? '/dev/null' : submission.logFile.replaceAll('%', '%%');
  const graceSeconds = Math.min(MOST_GRACE_SECONDS, Math.max(1, Math.ceil(submission.graceMs / 1000)));
  const optional = {
    time: submission.minutes,
    partition: target.partition,
    account: target.account,
    qos: target.qos,
    'cpus-per-task': resources?.cpus === undefined ? undefined : Math.max(1, Math.ceil(resources.cpus)),
    gpus: resources?.gpus ? resources.gpus : undefined,
    mem: resources?.memoryBytes === undefined ? undefined : `${Math.max(1, Math.ceil(resources.memoryBytes / MIB))}M`,
  };
  return [
    // Without such a file Slurm gives the job all of this process's environment, or what a login of the user makes.
    '--parsable',
    `--export-file=${submission.environmentFile}`,
    '--no-requeue',
    '--nodes=1',
    '--ntasks=1',
    '--input=/dev/null',
    `--job-name=${submission.name}`,
    `--comment=${submission.comment}`,
    `--chdir=${submission.cwd}`,
    `--output=${output}`,
    '--open-mode=append',
    `--signal=B:TERM@${graceSeconds}`,
    ...Object.entries(optional).flatMap(([name, value]) => (value === undefined ? [] : [`--${name}=${value}`])),
  ];
}

/** The most that `--signal` takes. */
const MOST_GRACE_SECONDS = 65_535;

/** Of squeue's lines, the first `columns - 1` columns end with a bar, and the last is what is left. */
function rowsOf(text: string, columns: number): string[][] {
  return text.split('\n').flatMap((line) => {
    const parts = line.split('|');
    if (parts.length < columns) return [];
    return [[...parts.slice(0, columns - 1), parts.slice(columns - 1).join('|')].map((part) => part.trim())];
  });
}

function factsOf([state = '', code = '', node = '', reason = '']: readonly string[]): JobFacts {
  return { state, reason, node, waitStatus: Number(code) };
}

class CommandFailure extends Error {
  readonly said: string;
  constructor(said: string) {
    super(said);
    this.said = said;
  }
}

function nothingWhenForgotten(error: unknown): string {
  if (error instanceof CommandFailure && FORGOTTEN.test(error.said)) return '';
  throw error;
}

/** @throws CommandFailure with what it said; DomainError NOT_IMPLEMENTED, UNAVAILABLE */
function runCommand(
  program: string,
  args: readonly string[],
  env: CommandsOptions['environment'],
  input = '',
): Promise<string> {
  return new Promise((resolve, reject) => {
    const limits = { timeout: ANSWER_WITHIN_MS, killSignal: 'SIGKILL', maxBuffer: MOST_OUTPUT_BYTES } as const;
    const child = execFile(program, args, { ...limits, env }, (error, stdout, stderr) => {
      if (!error) return resolve(stdout);
      const said = (stderr || stdout).trim();
      if (error.code === 'ENOENT') reject(notInstalled(program));
      else if (error.killed) reject(unavailable(program, `no answer within ${ANSWER_WITHIN_MS / 1000} s. ${said}`));
      else if (AWAY.test(said)) reject(unavailable(program, said));
      else reject(new CommandFailure(said === '' ? error.message : said));
    });
    // A command that ends before it has read all says so by its exit code.
    child.stdin?.on('error', () => {});
    child.stdin?.end(input);
  });
}

function notInstalled(program: string): DomainError {
  return new DomainError('NOT_IMPLEMENTED', `Slurm’s ${program} is not on this machine`, {
    hint: 'Run Capstan on a machine that jobs can be submitted from (Debian: slurm-client), or use another executor.',
  });
}

function unavailable(program: string, said: string): DomainError {
  return new DomainError('UNAVAILABLE', `Slurm does not answer to ${program}: ${said}`, {
    hint: 'See whether `sinfo` works on this machine, then try again.',
  });
}

/** The job is one that the cluster can never run; `said` is Slurm's own word for why. */
export function refusal(said: string): DomainError {
  return new DomainError('RESOURCE_EXHAUSTED', `Slurm does not take the job: ${said}`, {
    field: 'resources',
    hint: 'Ask for what the partition has (`sinfo --long`), or name another partition, account or quality of service.',
  });
}
