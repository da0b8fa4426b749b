import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DomainError, messageOf } from '#kernel/errors';
import { doWork, RowFailure, type WorkDeps } from './do-work.ts';
import type { WorkFailure, WorkProgress, WorkReport } from './reports.ts';
import { workFiles, workRequest } from './request.ts';

/** How often others are told. */
const TELL_MS = 500;

interface FolderDeps extends Omit<WorkDeps, 'onProgress'> {
  report(report: WorkReport): void;
}

/**
 * Does the work that a folder asks for, and leaves its result there, or reports what it failed by. Returns whether it is done.
 * @param folder absolute
 * @throws the reason of the signal
 */
export async function workInFolder(folder: string, { report, ...deps }: FolderDeps): Promise<boolean> {
  const asked = workRequest.parse(JSON.parse(await readFile(join(folder, workFiles.request), 'utf8')));
  const inFolder = <Place extends { readonly path: string }>(place: Place): Place => ({
    ...place,
    path: join(folder, place.path),
  });
  const request = { ...asked, model: inFolder(asked.model), files: asked.files.map(inFolder) };
  let latest: WorkProgress | undefined;
  let toldAt = Number.NEGATIVE_INFINITY;
  const onProgress = (progress: WorkProgress): void => {
    latest = progress;
    if (performance.now() - toldAt < TELL_MS) return;
    toldAt = performance.now();
    report({ progress });
  };
  try {
    report({ progress: await doWork({ ...deps, onProgress }, folder, request) });
    return true;
  } catch (error) {
    if (latest) report({ progress: latest });
    deps.signal.throwIfAborted();
    report({ failure: failureOf(error) });
    return false;
  }
}

function failureOf(error: unknown): WorkFailure {
  if (error instanceof RowFailure) {
    const { row, column, message } = error;
    const hint = 'Mend the data, or let such rows be answered with nulls.';
    return { code: 'INVALID_ARGUMENT', message, row, hint, ...(column !== null && { column }) };
  }
  if (!(error instanceof DomainError)) return { code: 'INTERNAL', message: messageOf(error) };
  const { code, message, hint } = error;
  return { code, message, ...(hint !== undefined && { hint }) };
}
