import { servedDeployment, type ServedAccess, type ServedDeployment, type ServingRoute } from '@capstan/api';
import type { Writer } from '#database';
import type { RolloutProgress } from './decide.ts';
import { progressOf } from './progress.ts';
import { storedServing } from './serving-settings.ts';
import * as store from './store.ts';

const redactedNames = servedDeployment.shape.redact;

/**
 * Writes the snapshot anew, in the transaction of the change: what replicas are told is always a state that was.
 * Returns its version. Writes are one after another, so versions do not overtake each other.
 */
export async function publish(writer: Writer): Promise<number> {
  const served: ServedDeployment[] = [];
  const rollouts = new Map((await store.openRollouts(writer)).map((row) => [row.deployment, row]));
  for (const deployment of await store.listDeployments(writer)) {
    served.push(await serve(writer, deployment, rollouts.get(deployment.name)));
  }
  const version = (await store.snapshotVersion(writer)) + 1;
  await store.writeSnapshot(writer, version, { body: JSON.stringify(served) });
  return version;
}

/** Tells replicas who may call what, in the transaction of the change. */
export async function publishAccess(writer: Writer, access: ServedAccess): Promise<void> {
  await store.writeSnapshot(writer, (await store.snapshotVersion(writer)) + 1, { access: JSON.stringify(access) });
}

async function serve(
  writer: Writer,
  row: store.DeploymentRow,
  rollout: store.RolloutRow | undefined,
): Promise<ServedDeployment> {
  const champion = row.champion === null ? undefined : await store.getRevision(writer, row.name, row.champion);
  const candidate = rollout && (await store.getRevision(writer, row.name, rollout.revision));
  const isOpen = row.breaker_state === 'open';
  const before = champion && (await store.championBefore(writer, row.name, champion.number));
  const knownGood = before === undefined ? undefined : await store.getRevision(writer, row.name, before);
  const progress = rollout && progressOf(rollout);
  const stage = progress?.plan[progress.stage];
  const shifts = await store.latestRecalibrations(writer, row.name);
  const to = (revision: store.RevisionRow, role: ServingRoute['role'], share: number): ServingRoute =>
    routeTo(revision, role, share, shifts.get(revision.number)?.shift ?? 0);
  return {
    name: row.name,
    project: row.project,
    context: { id: row.context_id, eventTime: row.context_event_time },
    redact: redactedNames.parse(JSON.parse(row.redacted)),
    sample: row.log_sample,
    rollout: rollout ? { id: rollout.id, stage: rollout.stage } : null,
    // Of names and numbers alone: the same requests in another installation are split the same way.
    salt: rollout ? `${row.name}/${rollout.revision}` : row.name,
    routes: routesOf(to, champion, candidate, progress),
    ...(stage?.kind === 'canary' && stage.sticky !== undefined && { sticky: stage.sticky }),
    warm: await warmRoutes(writer, row, knownGood, to),
    breaker: {
      state: row.breaker_state,
      mode: row.breaker_mode,
      fallbackProbability: row.baseline_probability,
      lastKnownGood: isOpen && knownGood ? to(knownGood, 'champion', 1) : null,
      reason: row.breaker_reason,
    },
  };
}

/** What is gone back to, and after a rollback what one would go forth to again. */
async function warmRoutes(
  writer: Writer,
  { name, champion }: store.DeploymentRow,
  knownGood: store.RevisionRow | undefined,
  to: (revision: store.RevisionRow, role: ServingRoute['role'], share: number) => ServingRoute,
): Promise<ServingRoute[]> {
  const last = await store.lastPromoted(writer, name);
  const left =
    last === undefined || last === champion || last === knownGood?.number
      ? undefined
      : await store.getRevision(writer, name, last);
  return [knownGood, left].flatMap((revision) => (revision ? [to(revision, 'champion', 0)] : []));
}

/** The champion stays loaded at share 0 while a candidate has all of the traffic: going back must not wait. */
function routesOf(
  to: (revision: store.RevisionRow, role: ServingRoute['role'], share: number) => ServingRoute,
  champion: store.RevisionRow | undefined,
  candidate: store.RevisionRow | undefined,
  progress: RolloutProgress | undefined,
): ServingRoute[] {
  const stage = progress?.plan[progress.stage];
  if (!candidate || !progress || !stage) return champion ? [to(champion, 'champion', 1)] : [];
  const share = stage.kind === 'full' ? 1 : stage.kind === 'canary' ? stage.share : 0;
  // Where the plan has a shadow it goes on through the canary: the rows of the champion keep giving pairs.
  const hasShadow = stage.kind === 'shadow' || (stage.kind === 'canary' && progress.plan[0]?.kind === 'shadow');
  return [
    ...(champion ? [to(champion, 'champion', 1 - share)] : []),
    ...(share > 0 ? [to(candidate, 'canary', share)] : []),
    ...(hasShadow ? [to(candidate, 'shadow', 1)] : []),
  ];
}

/** What a data plane needs to answer by a revision. */
export function routeTo(
  revision: store.RevisionRow,
  role: ServingRoute['role'],
  share: number,
  shift: number,
): ServingRoute {
  const serving = storedServing(revision);
  return servedDeployment.shape.routes.element.parse({
    revision: revision.number,
    role,
    share,
    model: revision.model,
    modelVersion: revision.version,
    digest: revision.model_digest,
    flavor: revision.flavor,
    package: revision.package_digest,
    threshold: revision.threshold,
    inputAdapters: JSON.parse(revision.input_adapters),
    shift,
    // Left out where nothing is set, so that a data plane from before there were such settings reads it.
    ...(Object.keys(serving).length > 0 && { serving }),
  });
}
