import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, statSync, type Stats } from 'node:fs';
import { DomainError, invalid, messageOf } from '#kernel/errors';
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
  assertSpec(spec);
  assertDirectory(spec.cwd);
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

function assertSpec(spec: ExecutionSpec): void {
  if (!/^[\w.:-]{1,200}$/.test(spec.attemptId)) {
    throw invalid(`${JSON.stringify(spec.attemptId)} is no attempt id`, {
      field: 'attemptId',
      hint: 'Use letters, digits and _ . : - only, at most 200 of them.',
    });
  }
  for (const [name, value] of Object.entries(spec.env)) {
    if (name !== '' && !/[=\0]/.test(name) && !value.includes('\0')) continue;
    throw invalid(`The environment variable ${JSON.stringify(name)} cannot be set`, {
      field: 'env',
      hint: 'A name is not empty and has no = in it; neither name nor value holds a NUL.',
    });
  }
  if (spec.command.includes('\0')) throw invalid('The command holds a NUL', { field: 'command', hint: 'Remove it.' });
  for (const field of ['timeoutMs', 'graceMs'] as const) {
    if (spec[field] >= 0) continue;
    throw invalid(`${field} must be a number of milliseconds, not ${spec[field]}`, {
      field,
      hint: 'Give 0 or more; Infinity is no limit.',
    });
  }
}

/** Blocks, as starting does: waiting for a thread takes longer than the call. */
function assertDirectory(cwd: string): void {
  const facts = statOf(cwd);
  if (facts?.isDirectory()) return;
  throw invalid(`The working directory ${cwd} does not exist`, {
    field: 'cwd',
    hint: facts ? 'It is a file: name its directory.' : 'Create it, or correct the path.',
  });
}

function statOf(path: string): Stats | undefined {
  try {
    return statSync(path);
  } catch {
    return undefined;
  }
}

function openLog(logFile: string): number {
  try {
    return openSync(logFile, 'a');
  } catch (cause) {
    throw logFailure(logFile, cause);
  }
}

function logFailure(logFile: string, cause: unknown): DomainError {
  if (codeOf(cause) === 'ENOSPC') {
    return new DomainError('STORAGE_FULL', 'There is no space left for the log', { hint: 'Free space.', cause });
  }
  return invalid(`The log file ${logFile} cannot be written: ${messageOf(cause)}`, {
    field: 'logFile',
    hint: 'Its directory must exist and be writable for the server.',
    cause,
  });
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
