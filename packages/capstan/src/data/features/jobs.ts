import type { Events } from '#events';
import type { JobHandlers } from '#jobs';
import type { Features } from './service.ts';

/** Handlers of this module's jobs. */
export function featureJobs(deps: { features: Features; events: Events }): Pick<JobHandlers, 'features.materialize'> {
  return {
    'features.materialize': async ({ eventSeq }, context) => {
      const { project, payload } = await deps.events.get(eventSeq);
      if (payload['verdict'] !== 'accepted' || project === undefined) return;
      await deps.features.follow(project, String(payload['dataset']), context.cause, context.signal);
    },
  };
}
