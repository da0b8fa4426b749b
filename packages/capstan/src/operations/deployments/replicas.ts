import type { ReplicaReport } from '@capstan/api';
import type { Cause } from '#kernel/cause';
import { hearReplica } from './change-rollout.ts';
import { progressOf } from './progress.ts';
import type { DeploymentsDeps } from './deps.ts';
import * as store from './store.ts';

/** Takes what a replica says of itself; only now does a revision count as live, or as one that cannot be served. */
export async function takeReport(
  deps: DeploymentsDeps,
  replica: string,
  report: ReplicaReport,
  cause: Cause,
): Promise<void> {
  // Real time: whether a process is there has nothing to do with simulated business time.
  const row = { replica, reported_at: Date.now(), report: JSON.stringify(report) };
  await deps.database.write((writer) => store.upsertReplica(writer, row));
  for (const rollout of await store.openRollouts(deps.database.read)) {
    const isThis = (entry: { deployment: string; revision: number }): boolean =>
      entry.deployment === rollout.deployment && entry.revision === rollout.revision;
    const failure = report.failures.find(isThis)?.reason;
    if (failure === undefined && (progressOf(rollout).isLive || !report.serving.some(isThis))) continue;
    const heard = { replica, snapshotVersion: report.snapshotVersion, failure };
    await hearReplica(deps, rollout.id, heard, cause);
  }
}
