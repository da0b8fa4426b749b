import type { JobHandlers } from '#jobs';
import type { Retention } from './service.ts';

export function retentionJobs(retention: Retention): Pick<JobHandlers, 'trash.collect' | 'trash.resume'> {
  return {
    'trash.collect': async (_payload, { signal, cause }) =>
      void (await retention.collect({ isDryRun: false, signal }, cause)),
    'trash.resume': () => retention.resume(),
  };
}
