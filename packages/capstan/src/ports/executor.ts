/** One command to run for a stage attempt. */
export interface ExecutionSpec {
  /** Unique for ever; names the log and lets a restarted server find what it had started. */
  readonly attemptId: string;
  /** A shell command line, run by `/bin/sh -c` with `cwd` as its working directory. */
  readonly command: string;
  /** Absolute, on this machine; with `files` inside of their root. */
  readonly cwd: string;
  /** The whole environment of the command: nothing is inherited. */
  readonly env: Readonly<Record<string, string>>;
  /** File of this machine that stdout and stderr are appended to, as they come. */
  readonly logFile: string;
  /** Real time allowed before TERM. */
  readonly timeoutMs: number;
  /** Real time between TERM and KILL. */
  readonly graceMs: number;
  /** Of the command; without, it may run on a machine that does not see the files of this one only if it needs none. */
  readonly files?: CommandFiles;
  readonly resources?: Resources;
  /**
   * What the environment of VIRTUAL_ENV is made from, for a machine that does not have it: requirements.txt at the
   * root of `files`, or Python alone. Without, such a machine fails the command.
   */
  readonly python?: 'requirements' | 'bare';
}

/**
 * What a command may read and write. An executor that runs it elsewhere carries all that lies under the root there, by
 * content, and brings back of what the command leaves only `writes`, all of them or none, and only for the attempt that
 * counts: one that was given up writes nothing here, however late it ends.
 */
export interface CommandFiles {
  /** Absolute, on this machine. Paths of it in the values of `env` are those of the copy, where there is one. */
  readonly root: string;
  /** Files and folders relative to the root, with `/`. What is not there afterwards is no error here. */
  readonly writes: readonly string[];
  /** What is never carried, as `.git`: files and folders relative to the root. */
  readonly without?: readonly string[];
}

/** What a command needs; an executor that cannot give it at once waits, one that never can refuses. */
export interface Resources {
  readonly cpus?: number;
  readonly gpus?: number;
  readonly memoryBytes?: number;
}

export interface ExecutionResult {
  /** `lost`: the machine that it ran on is gone, or no longer heard of. Its fault is not the command's; try again. */
  readonly outcome: 'succeeded' | 'failed' | 'timed-out' | 'cancelled' | 'lost';
  /** Exit code, or null when a signal ended it, or it was lost. */
  readonly exitCode: number | null;
  readonly signal: string | null;
  readonly durationMs: number;
  /** CPU time of the whole process group, user and system; null where the platform does not tell. */
  readonly cpuMs: number | null;
  /** Greatest resident memory of the group seen; null where the platform does not tell. */
  readonly peakMemoryBytes: number | null;
  /** Machine that it ran on, as its scheduler calls it; undefined for this one. */
  readonly machine?: string;
}

export interface Execution {
  readonly attemptId: string;
  /** Settles once no process of the group is left, or it is lost. Never rejects for what the command did. */
  readonly done: Promise<ExecutionResult>;
  /** TERM, then KILL after the grace, to the whole process group. Idempotent. */
  cancel(): void;
}

/**
 * Runs commands in their own process group, here or on another machine. When `done` settles no process of it is left, also
 * for commands that fork, ignore TERM or hold stdout open. Contract: ports/executor.contract.ts.
 */
export interface Executor {
  /**
   * @throws DomainError INVALID_ARGUMENT naming the field, e.g. `cwd` when the directory does not exist; CONFLICT when
   *   the attempt runs already; STORAGE_FULL; RESOURCE_EXHAUSTED; UNAVAILABLE where another machine does not answer;
   *   NOT_IMPLEMENTED where commands cannot run at all
   */
  start(spec: ExecutionSpec): Promise<Execution>;
  /**
   * Ends whatever an earlier process of this server started under that attempt id and left behind; nothing is no error.
   * @throws DomainError NOT_IMPLEMENTED where it cannot be found, so that a person has to look
   */
  reap(attemptId: string): Promise<void>;
}
