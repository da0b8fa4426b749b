import { servedAccess, servedDeployment, type ServedDeployment, type Snapshot } from '@capstan/api';
import { z } from 'zod';
import { nextCommit } from '#ports/next-commit';
import type { DeploymentsDeps } from './deps.ts';
import * as store from './store.ts';

const body = z.array(servedDeployment);
/** Other replicas of the control plane write too: without a commit of our own, look again after this long. */
const POLL_MS = 500;

export async function currentSnapshot(deps: DeploymentsDeps): Promise<Snapshot> {
  const row = await store.readSnapshot(deps.database.read);
  return {
    version: row?.version ?? 0,
    clock: deps.clock.kind,
    now: deps.clock.now(),
    deployments: publishedIn(row),
    ...(row?.access != null && { access: servedAccess.parse(JSON.parse(row.access)) }),
  };
}

/** The deployments as replicas were last told. */
export function publishedIn(row: { readonly body: string } | undefined): ServedDeployment[] {
  return row ? body.parse(JSON.parse(row.body)) : [];
}

/** The snapshot, once it is another than the caller has, or after `waitMs`. */
export async function nextSnapshot(
  deps: DeploymentsDeps,
  has: { readonly version: number | undefined; readonly at: number | undefined },
  waitMs: number,
  signal: AbortSignal,
): Promise<Snapshot> {
  const deadline = performance.now() + waitMs;
  for (;;) {
    const changed = nextCommit(deps.database, Math.min(POLL_MS, deadline - performance.now()), signal);
    const isTimeNews = deps.clock.kind === 'simulated' && deps.clock.now() !== has.at;
    // Many wait here, and each commit lets all of them look: only what is given out is read.
    const version = await store.snapshotVersion(deps.database.read);
    if (version !== has.version || isTimeNews || performance.now() >= deadline || signal.aborted) {
      return await currentSnapshot(deps);
    }
    await changed;
  }
}
