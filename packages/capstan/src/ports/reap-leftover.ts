import type { Logger } from 'pino';
import { DomainError } from '#kernel/errors';
import type { Executor } from './executor.ts';

/** Ends what an earlier server has left running under the id; where nobody can look for it, says so and goes on. */
export async function reapLeftover(
  { executor, log }: { readonly executor: Executor | undefined; readonly log: Pick<Logger, 'warn'> },
  attemptId: string,
): Promise<void> {
  if (!executor) {
    log.warn(
      { attempt: attemptId },
      'the executor of an attempt is no longer set up: what it left behind is not ended',
    );
    return;
  }
  try {
    await executor.reap(attemptId);
  } catch (error) {
    // Going on is better than never running again.
    if (!(error instanceof DomainError) || error.code !== 'NOT_IMPLEMENTED') throw error;
    log.warn({ err: error, attempt: attemptId }, 'cannot look for processes that an attempt left behind');
  }
}
