// What executors have in common before they start a command.
import { openSync, statSync, type Stats } from 'node:fs';
import { DomainError, invalid, messageOf } from '#kernel/errors';
import type { ExecutionSpec } from './executor.ts';

/**
 * What every executor refuses before it does anything.
 * @throws DomainError INVALID_ARGUMENT naming the field
 */
export function assertExecution(spec: ExecutionSpec): void {
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
  assertDirectory(spec.cwd);
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

/**
 * Opens the log to append to, and returns its descriptor, which the caller closes.
 * @throws DomainError INVALID_ARGUMENT, STORAGE_FULL
 */
export function openLog(logFile: string): number {
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

function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined;
}
