import { jobKinds, type JobContext, type JobHandlers, type JobKind } from '#jobs';
import type { Waking } from './advance.ts';
import type { Retraining } from './service.ts';

type RetrainingHandlers = Pick<JobHandlers, 'cycles.consider' | 'cycles.tick' | 'cycles.advance' | 'cycles.follow'>;

/** Handlers of this module's jobs. */
export function retrainingJobs(retraining: Retraining): RetrainingHandlers {
  const wakingOf = (kind: JobKind, { attempt, cause }: JobContext): Waking => {
    return { attempt, cause, isLastTry: attempt >= jobKinds[kind].maxAttempts };
  };
  return {
    'cycles.consider': ({ eventSeq }, { cause }) => retraining.considerEvent(eventSeq, cause),
    'cycles.tick': ({ project, dueAt }, { cause }) => retraining.considerTick(project, dueAt, cause),
    'cycles.advance': ({ cycle }, context) => retraining.advance(cycle, wakingOf('cycles.advance', context)),
    'cycles.follow': ({ eventSeq }, context) => retraining.follow(eventSeq, wakingOf('cycles.follow', context)),
  };
}
