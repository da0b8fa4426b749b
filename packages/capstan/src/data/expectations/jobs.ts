import type { Events } from '#events';
import { jobKinds, type JobHandlers } from '#jobs';
import type { Expectations } from './service.ts';

/** Handlers of this module's jobs. */
export function expectationJobs(deps: {
  expectations: Expectations;
  events: Events;
}): Pick<JobHandlers, 'expectations.check' | 'expectations.test'> {
  return {
    'expectations.check': async ({ eventSeq }, context) => {
      const { payload, cycle } = await deps.events.get(eventSeq);
      await deps.expectations.check({
        versionId: String(payload['versionId']),
        cause: { ...context.cause, ...(cycle !== undefined && { cycle }) },
        isLastTry: context.attempt >= jobKinds['expectations.check'].maxAttempts,
        signal: context.signal,
      });
    },
    'expectations.test': async ({ eventSeq }, context) => {
      const { payload } = await deps.events.get(eventSeq);
      await deps.expectations.runTest({
        id: String(payload['testId']),
        cause: context.cause,
        isLastTry: context.attempt >= jobKinds['expectations.test'].maxAttempts,
        signal: context.signal,
      });
    },
  };
}
