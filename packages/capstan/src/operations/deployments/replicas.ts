import { replicaReport, withheldTraffic, type ReplicaReport, type WithheldTraffic } from '@capstan/api';
import { z } from 'zod';
import type { Writer } from '#database';
import type { Cause } from '#kernel/cause';
import { canonicalJson } from '#kernel/canonical-json';
import { hearReplica } from './change-rollout.ts';
import { progressOf } from './progress.ts';
import type { DeploymentsDeps } from './deps.ts';
import { replicaDifferences, type Difference } from './replica-differences.ts';
import { storedServing } from './serving-settings.ts';
import { publishedIn } from './snapshot.ts';
import * as store from './store.ts';
import { withheldFrom, type DatedDifference } from './withhold.ts';

/**
 * Takes what a replica says of itself; only now does a revision count as live, or as one that cannot be served. Returns what
 * it is not to answer.
 */
export async function takeReport(
  deps: DeploymentsDeps,
  replica: string,
  report: ReplicaReport,
  cause: Cause,
): Promise<WithheldTraffic | undefined> {
  // Real time: whether a process is there has nothing to do with simulated business time.
  const now = Date.now();
  const withheld = await deps.database.write(async (writer) => {
    const before = await lastReport(writer, replica, now);
    const published = await store.readSnapshot(writer);
    const isBehind = report.snapshotVersion < (published?.version ?? 0);
    const isStuck = isBehind && before?.snapshotVersion === report.snapshotVersion;
    const behindSince = isBehind ? ((isStuck ? before?.behindSince : undefined) ?? now) : undefined;
    const found = replicaDifferences(report, publishedIn(published), now - (behindSince ?? now));
    const differences = found.map((each) => ({ ...each, since: sinceWhen(each, before?.differences) ?? now }));
    const told = await withheldNow(writer, { replica, report: { ...report, differences }, before, published, now });
    await tellChanges(deps, writer, { replica, before: before?.differences ?? [], differences, cause });
    await tellWithheld(deps, writer, {
      replica,
      before: before?.withheld ?? [],
      withheld: told?.deployments ?? [],
      cause,
    });
    const stored: StoredReport = { ...report, behindSince, differences, withheld: told?.deployments };
    await store.upsertReplica(writer, { replica, reported_at: now, report: JSON.stringify(stored) });
    return told;
  });
  await hear(deps, replica, { ...report, withheld: withheld?.deployments }, cause);
  return withheld;
}

function sinceWhen({ deployment }: Difference, before: StoredReport['differences']): number | undefined {
  return before?.find((each) => each.deployment === deployment)?.since;
}

async function withheldNow(
  writer: Writer,
  self: {
    readonly replica: string;
    readonly report: ReplicaReport & { readonly differences: readonly DatedDifference[] };
    readonly before: StoredReport | undefined;
    readonly published: { readonly version: number; readonly body: string } | undefined;
    readonly now: number;
  },
): Promise<WithheldTraffic | undefined> {
  const { report, before, published, now } = self;
  // One that has heard of a later state than this control plane, which was restored then, is not the one that is behind.
  if (report.differences.length === 0 || report.snapshotVersion > (published?.version ?? 0)) return undefined;
  const others = (await store.listReplicas(writer)).filter(
    (row) => row.replica !== self.replica && now - row.reported_at < MISSED_MS,
  );
  const standings = others
    .map(storedReport)
    .filter(({ isSilent }) => !isSilent)
    .map((each) => ({ ...each, differences: each.differences ?? [] }));
  const waiting = (await store.openRollouts(writer)).filter((rollout) => !progressOf(rollout).isLive);
  return withheldFrom(report, standings, publishedIn(published), {
    getsGoing: new Set(waiting.map(({ deployment }) => deployment)),
    isWithheld: (deployment) => before !== undefined && isWithheld(before, deployment),
    now,
  });
}

/** A report as it is kept: with what it was found to differ in. */
const reportKept = replicaReport.extend({
  /** When it first told the older state that it still tells; real time. */
  behindSince: z.number().optional(),
  differences: z
    .array(z.strictObject({ deployment: z.string().nullable(), reason: z.string(), since: z.number().default(0) }))
    .optional(),
  /** What it was told not to answer. */
  withheld: withheldTraffic.shape.deployments.min(0).optional(),
  /** It hung up after this report and did not come back. */
  isSilent: z.boolean().optional(),
});
type StoredReport = z.infer<typeof reportKept>;

export function storedReport({ report }: Pick<store.ReplicaRow, 'report'>): StoredReport {
  return reportKept.parse(JSON.parse(report));
}

export function isWithheld({ withheld = [] }: Pick<StoredReport, 'withheld'>, name: string): boolean {
  return withheld.some(({ deployment }) => deployment === name);
}

/** Undefined where there is none, or it is from before a silence. */
async function lastReport(writer: Writer, replica: string, now: number): Promise<StoredReport | undefined> {
  const row = await store.getReplica(writer, replica);
  if (!row) return undefined;
  const report = storedReport(row);
  if (now - row.reported_at < REPLICA_GONE_MS) return report;
  // What it has been meanwhile nobody knows.
  const differences = report.differences?.map((each) => ({ ...each, since: now }));
  return { ...report, behindSince: undefined, differences };
}

/** A fact for each deployment that it has begun or ceased to differ in. */
async function tellChanges(
  { events }: Pick<DeploymentsDeps, 'events'>,
  writer: Writer,
  {
    replica,
    before,
    differences,
    cause,
  }: {
    readonly replica: string;
    readonly before: readonly Difference[];
    readonly differences: readonly Difference[];
    readonly cause: Cause;
  },
): Promise<void> {
  const without = (some: readonly Difference[], others: readonly Difference[]): Difference[] =>
    some.filter(({ deployment }) => others.every((other) => other.deployment !== deployment));
  const subject = `replica:${replica}` as const;
  const of = (deployment: string | null) => ({ replica, ...(deployment !== null && { deployment }) });
  for (const { deployment, reason } of without(differences, before)) {
    await events.append(writer, cause, { subject, type: 'replica.differed', payload: { ...of(deployment), reason } });
  }
  for (const { deployment } of without(before, differences)) {
    await events.append(writer, cause, { subject, type: 'replica.agreed', payload: of(deployment) });
  }
}

/** A fact for each deployment that it is told to answer no more, or to answer again. */
async function tellWithheld(
  { events }: Pick<DeploymentsDeps, 'events'>,
  writer: Writer,
  {
    replica,
    before,
    withheld,
    cause,
  }: {
    readonly replica: string;
    readonly before: WithheldTraffic['deployments'];
    readonly withheld: WithheldTraffic['deployments'];
    readonly cause: Cause;
  },
): Promise<void> {
  const subject = `replica:${replica}` as const;
  const isAmong = (some: WithheldTraffic['deployments'], { deployment }: { deployment: string }): boolean =>
    some.some((each) => each.deployment === deployment);
  for (const each of withheld.filter((one) => !isAmong(before, one))) {
    await events.append(writer, cause, { subject, type: 'replica.withheld', payload: { replica, ...each } });
  }
  for (const { deployment } of before.filter((one) => !isAmong(withheld, one))) {
    await events.append(writer, cause, { subject, type: 'replica.restored', payload: { replica, deployment } });
  }
}

/** A replica hung up at that time and did not come back: until its next report nobody reckons with its answers. */
export async function markSilent(
  { database }: Pick<DeploymentsDeps, 'database'>,
  replica: string,
  hungUpAt: number,
): Promise<void> {
  await database.write(async (writer) => {
    const row = await store.getReplica(writer, replica);
    if (!row || row.reported_at > hungUpAt) return;
    const report: StoredReport = { ...storedReport(row), isSilent: true };
    await store.upsertReplica(writer, { ...row, report: JSON.stringify(report) });
  });
}

/** Forgets a replica that has stopped, and hears the others again: a change may have waited for it alone. */
export async function forgetReplica(deps: DeploymentsDeps, replica: string, cause: Cause): Promise<void> {
  await deps.database.write((writer) => store.deleteReplica(writer, replica));
  for (const row of await currentReplicas(deps)) {
    await hear(deps, row.replica, storedReport(row), cause);
  }
}

/** What follows from the report of a replica for the rollouts under way; what fails where nobody is answered is no reason to go back. */
async function hear(deps: DeploymentsDeps, replica: string, report: StoredReport, cause: Cause): Promise<void> {
  for (const rollout of await store.openRollouts(deps.database.read)) {
    const isThis = (entry: { deployment: string; revision: number }): boolean =>
      entry.deployment === rollout.deployment && entry.revision === rollout.revision;
    const failure = isWithheld(report, rollout.deployment)
      ? undefined
      : (report.failures.find(isThis)?.reason ?? (await differenceOf(deps, report.serving.find(isThis))));
    if (failure === undefined && (progressOf(rollout).isLive || !(await isServedByAll(deps, rollout)))) continue;
    const heard = { replica, snapshotVersion: report.snapshotVersion, failure };
    await hearReplica(deps, rollout.id, heard, cause);
  }
}

/** What is wrong with what a replica has loaded for a revision; undefined where nothing is. */
async function differenceOf(
  { database }: DeploymentsDeps,
  served: ReplicaReport['serving'][number] | undefined,
): Promise<string | undefined> {
  if (served?.digest === undefined) return undefined;
  const revision = await store.getRevision(database.read, served.deployment, served.revision);
  if (!revision) return undefined;
  if (revision.model_digest !== served.digest)
    return `it has loaded ${served.digest}, and the revision is ${revision.model_digest}`;
  const [has, wanted] = [served.settings ?? {}, storedServing(revision)].map(canonicalJson);
  return has === wanted ? undefined : `its model runs with the settings ${has}, and the revision has ${wanted}`;
}

/** Replicas report every few seconds; one that has not for this long is taken for gone. Real time. */
export const REPLICA_GONE_MS = 30_000;
/** Two reports have not come: another replica may not be kept from answering for its sake any more. Real time. */
const MISSED_MS = 12_000;

/** Data planes that have reported of late. */
export async function countReplicas(deps: Pick<DeploymentsDeps, 'database'>): Promise<number> {
  return (await currentReplicas(deps)).length;
}

async function currentReplicas({ database }: Pick<DeploymentsDeps, 'database'>): Promise<store.ReplicaRow[]> {
  const since = Date.now() - REPLICA_GONE_MS;
  return (await store.listReplicas(database.read)).filter((row) => row.reported_at >= since);
}

/** A change counts as done when every data plane that is there says that it serves it; one that gets no requests is not waited for. */
async function isServedByAll({ database }: DeploymentsDeps, rollout: store.RolloutRow): Promise<boolean> {
  const { publishedVersion } = progressOf(rollout);
  return (await currentReplicas({ database })).every((row) => {
    const report = storedReport(row);
    if (isWithheld(report, rollout.deployment)) return true;
    const { snapshotVersion, serving } = report;
    const isServed = serving.some((entry) => {
      return entry.deployment === rollout.deployment && entry.revision === rollout.revision;
    });
    return isServed && snapshotVersion >= publishedVersion;
  });
}
