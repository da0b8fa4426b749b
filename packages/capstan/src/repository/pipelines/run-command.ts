import { join, posix } from 'node:path';
import { commandLine, runBy, shellOf } from '#kernel/command-line';
import type { ExecutionResult, Executor } from '#ports/executor';
import { followLog, lastLines } from './follow-log.ts';
import { addressOf, type StageNode } from './model.ts';
import type { RunFolder } from './run-folder.ts';
import { tracedBy } from './trace-inputs.ts';

const GRACE_MS = 3_000;
const LINES_OF_A_FAILURE = 5;
const NEVER_CARRIED = ['.git', '.dvc/cache', '.dvc/tmp'];

/** How the commands of a run are run. */
export interface CommandSite {
  /** Absolute: the root of the repository. */
  readonly root: string;
  readonly here: string;
  readonly executor: Executor;
  /** That of the person who runs this. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly folder: RunFolder;
  readonly signal: AbortSignal;
  /** What commands open is written down, beside their logs. */
  readonly isTraced: boolean;
  /** Tags for experiment runs that the command of a stage makes. */
  tagsOf?(node: StageNode): Readonly<Record<string, string>> | undefined;
  onOutput(node: StageNode, text: string): void;
}

export type CommandEnd = { readonly result?: ExecutionResult } & (
  | { readonly outcome: 'succeeded' | 'cancelled' }
  | { readonly outcome: 'failed'; readonly reason: string }
);

/**
 * Runs the command of a stage as dvc does, until no process of it is left.
 * @param index of the stage in its run
 * @throws DomainError INVALID_ARGUMENT, e.g. for a working directory that does not exist; RESOURCE_EXHAUSTED; STORAGE_FULL
 */
export async function runCommand(site: CommandSite, node: StageNode, index: number): Promise<CommandEnd> {
  const { root, executor, folder, signal } = site;
  if (signal.aborted) return { outcome: 'cancelled' };
  const logFile = join(root, folder.logOf(index, node.stage.name));
  const attemptId = folder.begin(index);
  const command = commandLine(node.stage.lines, shellOf(site.environment['SHELL']));
  const follower = followLog(logFile, (text) => site.onOutput(node, text));
  try {
    const execution = await executor.start({
      attemptId,
      command: site.isTraced ? runBy(tracedBy(traceOf(logFile)), command) : command,
      cwd: join(root, posix.join(node.folder, node.stage.workingDirectory)),
      env: environmentOf(site, node),
      logFile,
      timeoutMs: Number.POSITIVE_INFINITY,
      graceMs: GRACE_MS,
      files: {
        root,
        writes: node.stage.outputs.map(({ file }) => posix.join(node.folder, file)),
        without: NEVER_CARRIED,
      },
      python: 'requirements',
    });
    const cancel = (): void => execution.cancel();
    signal.addEventListener('abort', cancel);
    if (signal.aborted) cancel();
    const result = await execution.done;
    signal.removeEventListener('abort', cancel);
    if (result.outcome === 'succeeded' || result.outcome === 'cancelled') return { outcome: result.outcome, result };
    return { outcome: 'failed', reason: reasonOf(result, logFile), result };
  } finally {
    follower.stop();
    folder.end(index);
  }
}

/** Where what a command opened is written while it runs. */
export const traceOf = (logFile: string): string => `${logFile}.trace`;

/** MLflow gives every run that it makes the tags that stand here (its SystemEnvironmentContext). */
const RUN_TAGS = 'MLFLOW_RUN_CONTEXT';

function environmentOf({ root, here, environment, tagsOf }: CommandSite, node: StageNode): Record<string, string> {
  const own = Object.entries(environment).filter((pair): pair is [string, string] => pair[1] !== undefined);
  const tags = withTags(environment[RUN_TAGS], tagsOf?.(node));
  return {
    DVC_ROOT: root,
    ...Object.fromEntries(own),
    ...(tags !== undefined && { [RUN_TAGS]: tags }),
    DVC_STAGE: addressOf(node, here),
  };
}

/** Tags beside those that are there already; what is there and no JSON stays as it is. */
function withTags(present: string | undefined, tags: Readonly<Record<string, string>> | undefined): string | undefined {
  if (tags === undefined) return undefined;
  try {
    return JSON.stringify({ ...(JSON.parse(present ?? '{}') as object), ...tags });
  } catch {
    return undefined;
  }
}

function reasonOf({ outcome, exitCode, signal }: ExecutionResult, logFile: string): string {
  if (outcome === 'lost') return 'the machine that it ran on was lost';
  const how = signal === null ? `it ended with exit code ${exitCode}` : `it was ended by ${signal}`;
  const lines = lastLines(logFile, LINES_OF_A_FAILURE).filter((line) => !line.startsWith('> '));
  return lines.length === 0 ? how : `${how}: ${lines.at(-1)}`;
}
