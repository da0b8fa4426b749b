import type { RevisionWithReigns } from '@capstan/api';
import type { DeploymentsDeps } from './deps.ts';
import { accessionsOf, reignsOf } from './reigns.ts';
import * as store from './store.ts';
import { revisionView } from './views.ts';

const MAX_ROLLBACKS = 10_000;

/** Newest first, each with the times at which it was champion. */
export async function revisionsWithReigns(
  { database, events }: DeploymentsDeps,
  name: string,
): Promise<RevisionWithReigns[]> {
  const filter = { subject: `deployment:${name}`, type: 'deployment.rolled-back', limit: MAX_ROLLBACKS };
  const rollbacks = (await events.list(filter)).map(({ at, payload }) => ({ revision: Number(payload['to']), at }));
  const reigns = reignsOf(accessionsOf(await store.listPromotions(database.read, name), rollbacks));
  return (await store.listRevisions(database.read, name)).map((row) => ({
    ...revisionView(row),
    championIn: [...(reigns.get(row.number) ?? [])],
  }));
}
