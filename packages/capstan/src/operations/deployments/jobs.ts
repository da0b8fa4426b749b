import type { Events } from '#events';
import type { JobHandlers } from '#jobs';
import { deploymentEnd } from './model.ts';
import type { ModelSource } from './spec.ts';

/** After a promotion the registry's champion follows; without a verdict it does not, since only one may move it. */
export function deploymentJobs(deps: {
  events: Events;
  models: ModelSource;
}): Pick<JobHandlers, 'deployments.promote'> {
  return {
    async 'deployments.promote'({ eventSeq }, { cause }) {
      const event = await deps.events.get(eventSeq);
      const { outcome, model, version, verdictId } = deploymentEnd(event.payload);
      if (outcome !== 'promoted' || verdictId === undefined) return;
      const withCycle = event.cycle === undefined ? cause : { ...cause, cycle: event.cycle };
      await deps.models.promote({ model, version, verdictId, cause: withCycle });
    },
  };
}
