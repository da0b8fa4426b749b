import { jobKinds, type JobContext, type JobHandlers, type JobKind } from '#jobs';
import type { Waking } from './advance.ts';
import type { Sweeps } from './service.ts';

/** Handlers of this module's jobs. */
export function sweepJobs(sweeps: Sweeps): Pick<JobHandlers, 'sweeps.advance' | 'sweeps.follow'> {
  const wakingOf = (kind: JobKind, { attempt, cause, signal }: JobContext): Waking => ({
    cause,
    signal,
    isLastTry: attempt >= jobKinds[kind].maxAttempts,
  });
  return {
    'sweeps.advance': ({ sweep, tick }, context) =>
      sweeps.advance(sweep, { ...wakingOf('sweeps.advance', context), ...(tick !== undefined && { tick }) }),
    'sweeps.follow': ({ eventSeq }, context) => sweeps.follow(eventSeq, wakingOf('sweeps.follow', context)),
  };
}
