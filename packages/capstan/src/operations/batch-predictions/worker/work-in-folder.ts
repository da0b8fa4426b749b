import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DomainError, messageOf } from '#kernel/errors';
import { doWork, RowFailure, type WorkDeps } from './do-work.ts';
import { workFiles, workRequest, type WorkFailure, type WorkProgress } from './request.ts';

/** How often others are told. */
const TELL_MS = 300;

/**
 * Does the work that a folder asks for, and leaves its result there, or what it failed by. Returns whether it is done.
 * @throws the reason of the signal
 */
export async function workInFolder(folder: string, deps: Omit<WorkDeps, 'onProgress'>): Promise<boolean> {
  const request = workRequest.parse(JSON.parse(await readFile(join(folder, workFiles.request), 'utf8')));
  await rm(join(folder, workFiles.failure), { force: true });
  const tell = (progress: WorkProgress) => writeWhole(join(folder, workFiles.progress), JSON.stringify(progress));
  let latest: WorkProgress | undefined;
  let telling: Promise<void> | undefined;
  let toldAt = 0;
  const onProgress = (progress: WorkProgress): void => {
    latest = progress;
    if (telling || performance.now() - toldAt < TELL_MS) return;
    toldAt = performance.now();
    // What cannot be told now is told the next time.
    telling = tell(progress)
      .catch(() => {})
      .finally(() => (telling = undefined));
  };
  try {
    latest = await doWork({ ...deps, onProgress }, folder, request);
    return true;
  } catch (error) {
    deps.signal.throwIfAborted();
    await writeWhole(join(folder, workFiles.failure), JSON.stringify(failureOf(error)));
    return false;
  } finally {
    await telling;
    if (latest) await tell(latest).catch(() => {});
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

/** Writes a file that readers see whole, or as it was. */
export async function writeWhole(path: string, text: string): Promise<void> {
  await writeFile(`${path}.new`, text, { mode: 0o600 });
  await rename(`${path}.new`, path);
}
