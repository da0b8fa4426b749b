import type { DeploymentRequest } from '@capstan/api';
import { notFound } from '#kernel/errors';
import type { DeploymentsDeps } from './deps.ts';
import { servedBy } from './model-inputs.ts';
import * as store from './store.ts';

/** What a request to a deployment holds. @throws DomainError NOT_FOUND for an unknown one, and before the first champion */
export async function championRequest({ database, models }: DeploymentsDeps, name: string): Promise<DeploymentRequest> {
  const row = await store.getDeployment(database.read, name);
  if (!row) throw notFound('deployment', name, 'capstan deployments list shows those that exist.');
  const champion = row.champion === null ? undefined : await store.getRevision(database.read, name, row.champion);
  if (!champion) throw notFound('champion of deployment', name, 'Its first rollout is still under way.');
  const inputs = await models.inputs(await servedBy(database.read, champion));
  return {
    revision: champion.number,
    flavor: champion.flavor,
    context: { id: row.context_id, eventTime: row.context_event_time },
    inputs: inputs?.map(({ name: input, datatype, shape }) => ({ name: input, datatype, shape: [...shape] })) ?? null,
  };
}
