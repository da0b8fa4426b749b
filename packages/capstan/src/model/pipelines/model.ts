// Words and rules of pipeline runs. Pure.
import type { PipelineRunStatus } from '@capstan/api';
import { isTerminal, type Transitions } from '#kernel/state-machine';
import type { Digest } from '#ports/blob-store';

/** `queued` may fail: a server that was killed for the last time allowed never came to run it. */
const runTransitions: Transitions<PipelineRunStatus> = {
  queued: ['running', 'failed', 'cancelled'],
  running: ['succeeded', 'failed', 'cancelled'],
  succeeded: [],
  failed: [],
  cancelled: [],
};

export function hasEnded(status: PipelineRunStatus): boolean {
  return isTerminal(runTransitions, status);
}

/** A stored output of a stage. */
export interface StoredOutput {
  /** As in the lock entry. */
  readonly path: string;
  /** Relative to the project's folder. */
  readonly file: string;
  readonly md5: string;
  /** A plain file is one with an empty path. */
  readonly files: readonly StoredFile[];
}

export interface StoredFile {
  readonly path: string;
  readonly digest: Digest;
  readonly md5: string;
  readonly sizeBytes: number;
  readonly isExecutable: boolean;
}

/** Folder of a declared path up to its first pattern: `data/flights/*.parquet` → `data/flights`. */
export function datasetFolder(declaredPath: string): string {
  const parts = declaredPath.split('/');
  const pattern = parts.findIndex((part) => /[*?[{]/.test(part));
  return parts.slice(0, pattern < 0 ? -1 : pattern).join('/') || '.';
}

/** What stages name when they read the dataset: its folder, or its file where the declared path has no pattern. */
export function datasetPath(declaredPath: string): string {
  return /[*?[{]/.test(declaredPath) ? datasetFolder(declaredPath) : declaredPath;
}

const MAX_REASON_CHARACTERS = 4_000;

/** Why an attempt failed, with the end of its log. */
export function failureText(what: string, logLines: readonly string[]): string {
  const text = logLines.length === 0 ? `${what}; it printed nothing` : `${what}:\n${logLines.join('\n')}`;
  return text.length <= MAX_REASON_CHARACTERS
    ? text
    : `${what}:\n…${text.slice(what.length + text.length - MAX_REASON_CHARACTERS)}`;
}

/** Why a run failed. */
export function failuresText(failures: readonly { readonly stage: string; readonly reason: string }[]): string {
  return failures
    .map(({ stage, reason }) => `The stage '${stage}' failed: ${reason}`)
    .join('\n')
    .slice(0, MAX_REASON_CHARACTERS);
}

/** What a failure is owed to where a project without requirements asks for a package; undefined where it does not. */
export function missingModuleText(logLines: readonly string[]): string | undefined {
  const missing = logLines.findLast((line) => line.startsWith('ModuleNotFoundError: No module named '));
  return missing === undefined
    ? undefined
    : 'the project has no requirements.txt, so its environment holds Python’s own modules only';
}

/** What became of an attempt whose machine is gone. */
export function lossText(attempt: number, machine: string | undefined): string {
  return `attempt ${attempt} was lost with ${machine === undefined ? 'its machine' : `the machine ${machine}`}`;
}

/** What happened to a command, as one phrase. */
export function outcomeText(
  result: { readonly outcome: string; readonly exitCode: number | null; readonly signal: string | null },
  timeoutMs: number,
): string {
  if (result.outcome === 'timed-out')
    return `it was still running after ${Math.round(timeoutMs / 1000)} s and was ended (stageTimeoutMs of the run gives it longer)`;
  if (result.outcome === 'cancelled') return 'it was cancelled';
  if (result.outcome === 'lost') return 'the machine that it ran on was lost';
  return result.signal === null ? `it ended with exit code ${result.exitCode}` : `it was ended by ${result.signal}`;
}
