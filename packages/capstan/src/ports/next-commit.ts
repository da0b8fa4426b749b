/** What tells of commits: the database, which a plane without one does not load for this. */
export interface Commits {
  /** Returns the function that stops it. */
  onCommit(listener: () => void): () => void;
}

/**
 * Resolves after the next commit of this process, after `waitMs` (others may write the same database too), or when `signal`
 * aborts; whichever is first. Ask before you look, so that nothing falls between the look and the wait.
 */
export function nextCommit(commits: Commits, waitMs: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const finish = (): void => {
      stop();
      clearTimeout(timer);
      signal.removeEventListener('abort', finish);
      resolve();
    };
    const stop = commits.onCommit(finish);
    const timer = setTimeout(finish, Math.max(0, waitMs));
    signal.addEventListener('abort', finish, { once: true });
    if (signal.aborted) finish();
  });
}
