import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync } from 'node:fs';
import { DomainError, invalid, messageOf } from '#kernel/errors';
import { assertExecution, openLog } from '#ports/check-execution';
import type { ExecutionResult, ExecutionSpec } from '#ports/executor';
import { ATTEMPT_MARKER } from './process-table.ts';

export type Exit = Pick<ExecutionResult, 'exitCode' | 'signal'>;

export interface Launched {
  readonly pid: number;
  readonly exited: Promise<Exit>;
}

/**
 * Starts the command as the leader of a session of its own, with both its outputs on the log file itself: nothing
 * flows through this process, so the command goes on writing when this process dies or is busy.
 * @throws DomainError INVALID_ARGUMENT, STORAGE_FULL, RESOURCE_EXHAUSTED
 */
export async function launch(spec: ExecutionSpec): Promise<Launched> {
  assertExecution(spec);
  const log = openLog(spec.logFile);
  try {
    const child = spawn('/bin/sh', ['-c', spec.command], {
      cwd: spec.cwd,
      env: { ...spec.env, [ATTEMPT_MARKER]: spec.attemptId },
      detached: true,
      stdio: ['ignore', log, log],
    });
    const exited = new Promise<Exit>((resolve) => {
      child.once('exit', (exitCode, signal) => resolve({ exitCode, signal }));
    });
    await once(child, 'spawn');
    if (child.pid === undefined) throw new Error('a started process has no number');
    return { pid: child.pid, exited };
  } catch (cause) {
    throw startFailure(cause);
  } finally {
    closeSync(log);
  }
}

function startFailure(cause: unknown): DomainError {
  if (codeOf(cause) === 'E2BIG') {
    return invalid('The command and its environment are too long for the operating system', {
      field: 'command',
      hint: 'Put the long part into a file.',
      cause,
    });
  }
  return new DomainError('RESOURCE_EXHAUSTED', `The command could not be started: ${messageOf(cause)}`, {
    hint: 'The machine may be out of processes, memory or file descriptors; try again later.',
    cause,
  });
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined;
}
