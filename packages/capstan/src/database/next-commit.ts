import type { Database } from './database.ts';

/**
 * Resolves after the next commit of this process, after `waitMs` (others may write the same database too), or when `signal`
 * aborts; whichever is first. Ask before you look, so that nothing falls between the look and the wait.
 */
export function nextCommit(database: Pick<Database, 'onCommit'>, waitMs: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const finish = (): void => {
      stop();
      clearTimeout(timer);
      signal.removeEventListener('abort', finish);
      resolve();
    };
    const stop = database.onCommit(finish);
    const timer = setTimeout(finish, Math.max(0, waitMs));
    signal.addEventListener('abort', finish, { once: true });
    if (signal.aborted) finish();
  });
}
