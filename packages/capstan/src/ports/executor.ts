/** One command to run for a stage attempt. */
export interface ExecutionSpec {
  /** Unique for ever; names the log and lets a restarted server find what it had started. */
  readonly attemptId: string;
  /** A shell command line, run by `/bin/sh -c` with `cwd` as its working directory. */
  readonly command: string;
  readonly cwd: string;
  /** The whole environment of the command: nothing is inherited. */
  readonly env: Readonly<Record<string, string>>;
  /** File that stdout and stderr are appended to, as they come. */
  readonly logFile: string;
  /** Real time allowed before TERM. */
  readonly timeoutMs: number;
  /** Real time between TERM and KILL. */
  readonly graceMs: number;
}

export interface ExecutionResult {
  readonly outcome: 'succeeded' | 'failed' | 'timed-out' | 'cancelled';
  /** Exit code, or null when a signal ended it. */
  readonly exitCode: number | null;
  readonly signal: string | null;
  readonly durationMs: number;
  /** CPU time of the whole process group, user and system; null where the platform does not tell. */
  readonly cpuMs: number | null;
  /** Greatest resident memory of the group seen; null where the platform does not tell. */
  readonly peakMemoryBytes: number | null;
}

export interface Execution {
  readonly attemptId: string;
  readonly pid: number;
  /** Settles once no process of the group is left. Never rejects for what the command did. */
  readonly done: Promise<ExecutionResult>;
  /** TERM, then KILL after the grace, to the whole process group. Idempotent. */
  cancel(): void;
}

/**
 * Runs commands in their own process group. When `done` settles no process of it is left, also for commands that fork,
 * ignore TERM or hold stdout open. Contract: ports/executor.contract.ts.
 */
export interface Executor {
  /**
   * @throws DomainError INVALID_ARGUMENT naming the field, e.g. `cwd` when the directory does not exist; CONFLICT when
   *   the attempt runs already; STORAGE_FULL; RESOURCE_EXHAUSTED; NOT_IMPLEMENTED where commands cannot run at all
   */
  start(spec: ExecutionSpec): Promise<Execution>;
  /**
   * Ends whatever an earlier process of this server started under that attempt id and left behind; nothing is no error.
   * @throws DomainError NOT_IMPLEMENTED where it cannot be found, so that a person has to look
   */
  reap(attemptId: string): Promise<void>;
}
