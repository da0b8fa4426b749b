import type { Readable } from 'node:stream';
import type {
  Deployment,
  DeploymentRequest,
  InputAdapter,
  Judgement,
  ModelPackage,
  Recalibration,
  ReplicaReport,
  Revision,
  RevisionWithReigns,
  Rollout,
  RolloutCheck,
  ServedAccess,
  ServingRoute,
  Snapshot,
  WithheldTraffic,
} from '@capstan/api';
import { judgement as judgementSchema } from '@capstan/api';
import type { Writer } from '#database';
import type { Cause } from '#kernel/cause';
import { conflict, notFound } from '#kernel/errors';
import { readPageToken, writePageToken } from '#kernel/filter/page-token';
import { setBaseline } from './baseline.ts';
import { budgetWindow, judgeLossBudget, setBreaker } from './breaker.ts';
import type { RealisedValue } from './budget.ts';
import {
  advanceRollout,
  changeShare,
  endByHand,
  holdRollout,
  resumeRollout,
  type EvidenceCursor,
} from './change-rollout.ts';
import type { DeploymentsDeps } from './deps.ts';
import type { EvidenceItem } from './evidence.ts';
import { watchWaits } from './hung-up.ts';
import { inProject } from './model.ts';
import { progressOf } from './progress.ts';
import { publish, publishAccess } from './publish.ts';
import { countReplicas, forgetReplica, takeReport } from './replicas.ts';
import { championRequest } from './request.ts';
import { routeOf } from './route-of.ts';
import { revisionsWithReigns } from './revisions.ts';
import { currentSnapshot, nextSnapshot } from './snapshot.ts';
import { declaredSpec, type ValueMatrix } from './spec.ts';
import { startRollout, type StartRollout } from './start-rollout.ts';
import * as store from './store.ts';
import { recalibrate, recalibrationPlan, type FittedShift, type RecalibrationPlan } from './recalibrate.ts';
import { deploymentView, recalibrationView, revisionView, rolloutView } from './views.ts';

export interface Deployments {
  list(project?: string): Promise<Deployment[]>;
  /** @throws DomainError NOT_FOUND */
  get(name: string): Promise<Deployment>;
  revisions(name: string): Promise<RevisionWithReigns[]>;
  /** Undefined where there is none of that number. */
  revision(name: string, number: number): Promise<Revision | undefined>;
  /** What answers: the champion, or the revision of that number. @throws DomainError NOT_FOUND; CONFLICT without a champion */
  route(name: string, revision?: number): Promise<ServingRoute>;
  /** What the champion takes: a request is made of that. @throws DomainError NOT_FOUND, also before the first champion */
  request(name: string): Promise<DeploymentRequest>;
  rollouts(name: string): Promise<Rollout[]>;
  /** @throws DomainError NOT_FOUND */
  rollout(id: string): Promise<Rollout>;
  judgements(id: string): Promise<Judgement[]>;

  /** See `startRollout`. */
  start(input: StartRollout, cause: Cause): Promise<Rollout>;
  hold(id: string, reason: string, cause: Cause): Promise<Rollout>;
  resume(id: string, reason: string, cause: Cause): Promise<Rollout>;
  /** See `changeShare`. */
  share(id: string, change: { readonly share: number; readonly reason: string }, cause: Cause): Promise<Rollout>;
  /** Ends the rollout under way; without one, the previous champion, or `to`, answers again. @throws DomainError CONFLICT, NOT_FOUND */
  rollBack(name: string, ask: RollBack, cause: Cause): Promise<Deployment>;
  openBreaker(name: string, reason: string, cause: Cause): Promise<void>;
  closeBreaker(name: string, reason: string, cause: Cause): Promise<void>;

  /** What joining an outcome needs to know. @throws DomainError NOT_FOUND */
  pricing(name: string): Promise<Pricing>;
  /** Adapters of every revision, by number; 0 stands for the champion's, as the baseline's constant answers in its place. */
  inputAdapters(name: string): Promise<ReadonlyMap<number, Readonly<Record<string, InputAdapter>>>>;
  /** Where the rollout under way stands in the deployment's log; null when none is. */
  evidenceCursor(name: string): Promise<EvidenceCursor | null>;
  advance(
    after: EvidenceCursor,
    items: readonly EvidenceItem[],
    upTo: number,
    cause: Cause,
  ): Promise<EvidenceCursor | null>;
  budgetWindow(name: string): Promise<{ since: number } | null>;
  judgeLossBudget(name: string, realised: RealisedValue, cause: Cause): Promise<RolloutCheck | null>;
  /** Keeps the baseline's probability where none is known yet. */
  setBaseline(name: string, probability: number, source: string, cause: Cause): Promise<void>;

  /** See `recalibrationPlan`. */
  recalibrationPlan(name: string): Promise<RecalibrationPlan | null>;
  /** See `recalibrate`. */
  recalibrate(name: string, fitted: readonly FittedShift[], cause: Cause): Promise<void>;
  /** Newest first. @throws DomainError NOT_FOUND; INVALID_ARGUMENT for a cursor of another list */
  recalibrations(
    name: string,
    page: { readonly limit: number; readonly cursor?: string | undefined },
  ): Promise<{ items: Recalibration[]; nextCursor?: string }>;

  snapshot(): Promise<Snapshot>;
  /** `replica`: who waits, so that it is noticed when its process dies. */
  nextSnapshot(
    has: {
      readonly version: number | undefined;
      readonly at: number | undefined;
      readonly replica?: string | undefined;
    },
    waitMs: number,
    signal: AbortSignal,
  ): Promise<Snapshot>;
  /** Tells data planes who may call what: part of the snapshot, and of the caller's transaction. */
  publishAccess(writer: Writer, access: ServedAccess): Promise<void>;
  report(replica: string, report: ReplicaReport, cause: Cause): Promise<WithheldTraffic | undefined>;
  /** Data planes that are there. */
  countReplicas(): Promise<number>;
  /** A replica has stopped: what waits for it alone waits no more. */
  replicaLeft(replica: string, cause: Cause): Promise<void>;
  /** The files of a revision's model, by the digest of their list. @throws DomainError NOT_FOUND */
  modelPackage(digest: string): Promise<ModelPackage>;
  /** A model file of some revision. @throws DomainError NOT_FOUND for any other blob */
  modelFile(digest: `sha256:${string}`): Promise<Readable>;
}

export interface Pricing {
  readonly project: string;
  readonly context: { readonly id: string | null; readonly eventTime: string | null };
  /** Null when the charter has no matrix, or no longer declares the deployment. */
  readonly value: ValueMatrix | null;
  readonly baselineProbability: number | null;
}

const MAX_JUDGEMENTS = 1_000;

export function createDeployments(deps: DeploymentsDeps): Deployments {
  const { database } = deps;
  const onWait = watchWaits(deps);
  const get = async (name: string): Promise<Deployment> => {
    const row = await store.getDeployment(database.read, name);
    if (!row) throw unknownDeployment(name);
    const budget = (await declaredSpec(deps.specs, name))?.lossBudget ?? null;
    return await deploymentView(database.read, row, await store.listReplicas(database.read), budget);
  };
  const rollout = async (id: string): Promise<Rollout> => {
    const row = await store.getRollout(database.read, id);
    if (!row) throw notFound('rollout', id);
    return rolloutView(row);
  };
  return {
    get,
    rollout,
    async list(project) {
      const replicas = await store.listReplicas(database.read);
      const rows = await store.listDeployments(database.read, project);
      const budgets = new Map((await deps.specs.all()).map((spec) => [spec.deployment, spec.lossBudget]));
      return await Promise.all(
        rows.map((row) => deploymentView(database.read, row, replicas, budgets.get(row.name) ?? null)),
      );
    },
    async revision(name, number) {
      const row = await store.getRevision(database.read, name, number);
      return row && revisionView(row);
    },
    async revisions(name) {
      await get(name);
      return await revisionsWithReigns(deps, name);
    },
    route: (name, revision) => routeOf(deps, name, revision),
    request: (name) => championRequest(deps, name),
    async rollouts(name) {
      await get(name);
      return (await store.listRollouts(database.read, name)).map(rolloutView);
    },
    async judgements(id) {
      const filter = { subject: `rollout:${id}`, type: 'rollout.judged', limit: MAX_JUDGEMENTS };
      return (await deps.events.list(filter)).map(({ payload }) => judgementSchema.strip().parse(payload));
    },
    start: async (input, cause) => rollout(await startRollout(deps, input, cause)),
    async hold(id, reason, cause) {
      await holdRollout(deps, id, reason, cause);
      return await rollout(id);
    },
    async resume(id, reason, cause) {
      await resumeRollout(deps, id, reason, cause);
      return await rollout(id);
    },
    async rollBack(name, ask, cause) {
      await rollBack(deps, name, ask, cause);
      return await get(name);
    },
    async share(id, change, cause) {
      await changeShare(deps, id, change, cause);
      return await rollout(id);
    },
    openBreaker: (name, reason, cause) => setBreaker(deps, name, 'open', reason, cause),
    closeBreaker: (name, reason, cause) => setBreaker(deps, name, 'closed', reason, cause),
    pricing: (name) => pricing(deps, name),
    inputAdapters: (name) => inputAdapters(deps, name),
    async evidenceCursor(name) {
      const row = await store.openRollout(database.read, name);
      return row ? { rollout: row.id, deployment: name, seq: progressOf(row).evidence.seq } : null;
    },
    advance: (after, items, upTo, cause) => advanceRollout(deps, after, items, upTo, cause),
    budgetWindow: (name) => budgetWindow(deps, name),
    judgeLossBudget: (name, realised, cause) => judgeLossBudget(deps, name, realised, cause),
    setBaseline: (name, probability, source, cause) => setBaseline(deps, name, { probability, source }, cause),
    recalibrationPlan: (name) => recalibrationPlan(deps, name),
    recalibrate: (name, fitted, cause) => recalibrate(deps, name, fitted, cause),
    async recalibrations(name, { limit, cursor }) {
      await get(name);
      const question = `recalibrations ${name}`;
      const [before] = cursor === undefined ? [] : readPageToken(cursor, question, 1);
      const rows = await store.listRecalibrations(
        database.read,
        name,
        limit + 1,
        before === undefined ? undefined : Number(before),
      );
      const items = rows.slice(0, limit);
      const last = items.at(-1);
      return {
        items: items.map(recalibrationView),
        ...(rows.length > limit && last && { nextCursor: writePageToken(question, [last.seq]) }),
      };
    },
    snapshot: () => currentSnapshot(deps),
    nextSnapshot(has, waitMs, signal) {
      if (has.replica !== undefined) onWait(has.replica, signal);
      return nextSnapshot(deps, has, waitMs, signal);
    },
    publishAccess,
    report: (replica, report, cause) => takeReport(deps, replica, report, cause),
    countReplicas: () => countReplicas(deps),
    replicaLeft: (replica, cause) => forgetReplica(deps, replica, cause),
    async modelPackage(digest) {
      const files = await store.packageFiles(database.read, digest);
      if (files.length > 0) return { files };
      throw notFound('model package', digest);
    },
    async modelFile(digest) {
      if (!(await store.isModelFile(database.read, digest))) throw notFound('model file', digest);
      return await deps.blobs.read(digest);
    },
  };
}

export interface RollBack {
  readonly reason: string;
  /** A revision that has been champion. */
  readonly to?: number | undefined;
}

async function rollBack(deps: DeploymentsDeps, name: string, { reason, to: wanted }: RollBack, cause: Cause) {
  await deps.database.write(async (writer) => {
    const row = await store.getDeployment(writer, name);
    if (!row) throw unknownDeployment(name);
    const open = await store.openRollout(writer, name);
    if (open) return await endByHand(deps, writer, open, progressOf(open), reason, cause);
    if (wanted !== undefined && !(await store.hasBeenChampion(writer, name, wanted))) {
      throw conflict(`Revision ${wanted} of ${name} has never been champion`, { field: 'to' });
    }
    const to = wanted ?? (row.champion === null ? undefined : await store.championBefore(writer, name, row.champion));
    if (row.champion === null || to === undefined) {
      throw conflict(`${name} has no revision to go back to`, {
        hint: 'To stop the champion from answering, open the breaker.',
      });
    }
    await store.updateDeployment(writer, name, { champion: to });
    await deps.events.append(writer, cause, {
      ...inProject(row.project),
      subject: `deployment:${name}`,
      type: 'deployment.rolled-back',
      payload: { deployment: name, from: row.champion, to, reason },
    });
    await publish(writer);
  });
}

async function pricing(deps: DeploymentsDeps, name: string): Promise<Pricing> {
  const row = await store.getDeployment(deps.database.read, name);
  if (!row) throw unknownDeployment(name);
  const spec = await declaredSpec(deps.specs, name);
  return {
    project: row.project,
    context: { id: row.context_id, eventTime: row.context_event_time },
    value: spec?.value ?? null,
    baselineProbability: row.baseline_probability,
  };
}

async function inputAdapters(
  deps: DeploymentsDeps,
  name: string,
): Promise<ReadonlyMap<number, Readonly<Record<string, InputAdapter>>>> {
  const row = await store.getDeployment(deps.database.read, name);
  const revisions = (await store.listRevisions(deps.database.read, name)).map(revisionView);
  const byNumber = new Map(revisions.map((revision) => [revision.number, revision.inputAdapters]));
  const ofChampion = byNumber.get(row?.champion ?? 0);
  return ofChampion ? byNumber.set(0, ofChampion) : byNumber;
}

function unknownDeployment(name: string) {
  return notFound('deployment', name, 'capstan deployments list shows those that exist.');
}
