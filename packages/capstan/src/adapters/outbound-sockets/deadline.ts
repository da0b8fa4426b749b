import { DomainError } from '#kernel/errors';

/**
 * Runs `work`, which gives up when its signal aborts; what it cannot stop by itself, such as a look-up, is left behind.
 * @throws DomainError DEADLINE_EXCEEDED after `timeoutMs`; what `work` throws; the caller's reason when `signal` aborts
 */
export async function withDeadline<Result>(
  timeoutMs: number,
  signal: AbortSignal | undefined,
  work: (signal: AbortSignal) => Promise<Result>,
): Promise<Result> {
  const ending = new AbortController();
  const late = new DomainError('DEADLINE_EXCEEDED', `No answer within ${timeoutMs / 1_000} s`);
  const timer = setTimeout(() => ending.abort(late), timeoutMs);
  const hangUp = () => ending.abort(signal?.reason);
  if (signal?.aborted) hangUp();
  signal?.addEventListener('abort', hangUp, { once: true });
  try {
    const gaveUp = new Promise<never>((_, fail) => {
      const giveUp = () => fail(ending.signal.reason as Error);
      if (ending.signal.aborted) giveUp();
      ending.signal.addEventListener('abort', giveUp, { once: true });
    });
    return await Promise.race([work(ending.signal), gaveUp]);
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', hangUp);
  }
}
