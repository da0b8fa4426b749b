import type { EventType } from '@capstan/api';
import type { EventJobKind } from '#jobs';

/** Which jobs each type of fact asks for. The rows are written in the transaction of the fact itself. */
export const subscriptions: { readonly [T in EventType]?: readonly EventJobKind[] } = {
  'project.applied': ['consumers.apply'],
  'dataset-version.registered': ['expectations.check'],
  'dataset-version.recheck-requested': ['expectations.check'],
  'expectation-test.requested': ['expectations.test'],
  'dataset-version.checked': ['cycles.consider', 'cycles.follow', 'features.materialize'],
  'monitor-alert.raised': ['cycles.consider'],
  'pipeline-run.ended': ['cycles.follow', 'sweeps.follow'],
  'model-version.approved': ['cycles.follow'],
  'registered-model.created': ['webhooks.fan-out'],
  'registered-model.updated': ['webhooks.fan-out'],
  'model-version.created': ['webhooks.fan-out'],
  'model-version.updated': ['webhooks.fan-out'],
  'model-alias.set': ['webhooks.fan-out'],
  'model-alias.removed': ['webhooks.fan-out'],
  'rollout.ended': ['deployments.promote', 'cycles.follow'],
};
