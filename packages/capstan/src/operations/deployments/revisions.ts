import type { RevisionWithReigns } from '@capstan/api';
import type { DeploymentsDeps } from './deps.ts';
import { accessionsOf, reignsOf } from './reigns.ts';
import { revisionChanges } from './revision-changes.ts';
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
  const revisions = (await store.listRevisions(database.read, name)).map(revisionView);
  return revisions.map((revision, index) => {
    const before = revisions[index + 1];
    return {
      ...revision,
      changes: before ? revisionChanges(before, revision) : null,
      championIn: [...(reigns.get(revision.number) ?? [])],
    };
  });
}
