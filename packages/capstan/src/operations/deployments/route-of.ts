import type { ServingRoute } from '@capstan/api';
import { conflict, notFound } from '#kernel/errors';
import type { DeploymentsDeps } from './deps.ts';
import { routeTo } from './publish.ts';
import * as store from './store.ts';

/** What data planes answer by, for whoever answers without one. */
export async function routeOf(
  { database }: Pick<DeploymentsDeps, 'database'>,
  name: string,
  wanted: number | undefined,
): Promise<ServingRoute> {
  const row = await store.getDeployment(database.read, name);
  if (!row) throw notFound('deployment', name, 'capstan deployments list shows those that exist.');
  const number = wanted ?? row.champion;
  if (number === null) {
    throw conflict(`${name} has no champion yet`, {
      field: 'deployment',
      hint: 'Wait until its rollout has ended, or name a revision.',
    });
  }
  const revision = await store.getRevision(database.read, name, number);
  if (!revision) throw notFound('revision', `${name}/${number}`);
  const shifts = await store.latestRecalibrations(database.read, name);
  return routeTo(revision, 'champion', 1, shifts.get(number)?.shift ?? 0);
}
