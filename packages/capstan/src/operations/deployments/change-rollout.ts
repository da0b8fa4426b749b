import type { Judgement } from '@capstan/api';
import type { Writer } from '#database';
import type { Cause } from '#kernel/cause';
import { conflict, notFound } from '#kernel/errors';
import { assertTransition, isTerminal } from '#kernel/state-machine';
import { currentChecks, decide, resumed, stateOfStage, type RolloutProgress } from './decide.ts';
import type { EvidenceItem } from './evidence.ts';
import { inProject, rolloutTransitions } from './model.ts';
import { progressOf, storedProgress, type StoredProgress } from './progress.ts';
import { publish } from './publish.ts';
import type { DeploymentsDeps } from './deps.ts';
import { settle, wakeAtTimeout } from './settle.ts';
import * as store from './store.ts';

/** Where a rollout stands in the log of its deployment. */
export interface EvidenceCursor {
  readonly rollout: string;
  readonly deployment: string;
  readonly seq: number;
}

/**
 * Folds further evidence into a rollout and does what follows. `after` is the cursor the items continue: when another
 * process has gone on in between, nothing happens. Returns the cursor to go on from, or null once the rollout has ended.
 */
export async function advanceRollout(
  deps: DeploymentsDeps,
  after: EvidenceCursor,
  items: readonly EvidenceItem[],
  upTo: number,
  cause: Cause,
): Promise<EvidenceCursor | null> {
  return await changing(deps, after.rollout, async (writer, row, before) => {
    if (isTerminal(rolloutTransitions, row.state)) return null;
    if (before.evidence.seq !== after.seq) return { ...after, seq: before.evidence.seq };
    const decision = decide(before, items, deps.clock.now());
    const hasEnded = isTerminal(rolloutTransitions, decision.progress.state);
    // What lies between the last item and `upTo` belongs to no item: it need not be read again.
    const evidence = hasEnded ? decision.progress.evidence : { ...decision.progress.evidence, seq: upTo };
    await settle(deps, writer, row, before, { ...decision, progress: { ...decision.progress, evidence } }, cause);
    return hasEnded ? null : { ...after, seq: upTo };
  });
}

/** A replica serves the stage, or says that it cannot serve the revision. */
export async function hearReplica(
  deps: DeploymentsDeps,
  rollout: string,
  heard: { readonly replica: string; readonly snapshotVersion: number; readonly failure: string | undefined },
  cause: Cause,
): Promise<void> {
  await changing(deps, rollout, async (writer, row, before) => {
    if (isTerminal(rolloutTransitions, row.state) || heard.snapshotVersion < before.publishedVersion) return;
    if (heard.failure !== undefined) {
      const reason = `replica ${heard.replica} cannot serve it: ${heard.failure}`;
      await endByHand(deps, writer, row, before, reason, cause, 'replica');
      return;
    }
    if (before.isLive) return;
    if (before.stage === 0) {
      await deps.events.append(writer, cause, {
        ...inProject(row.project),
        subject: `revision:${row.deployment}/${row.revision}`,
        type: 'revision.live',
        payload: { deployment: row.deployment, revision: row.revision, replica: heard.replica },
      });
    }
    const decision = decide({ ...before, isLive: true }, [], deps.clock.now());
    await settle(deps, writer, row, before, decision, cause);
  });
}

/** @throws DomainError NOT_FOUND, CONFLICT when it has ended or is held already */
export async function holdRollout(deps: DeploymentsDeps, id: string, reason: string, cause: Cause): Promise<void> {
  await changing(deps, id, async (writer, row, before) => {
    assertTransition(rolloutTransitions, `rollout ${id}`, row.state, 'held');
    const at = deps.clock.now();
    const progress: RolloutProgress = { ...before, state: 'held', heldAt: at };
    await settle(
      deps,
      writer,
      row,
      before,
      { progress, steps: [{ judgement: byHand(before, 'hold', reason, at), progress }] },
      cause,
    );
  });
}

/** @throws DomainError NOT_FOUND, CONFLICT when it is not held */
export async function resumeRollout(deps: DeploymentsDeps, id: string, reason: string, cause: Cause): Promise<void> {
  await changing(deps, id, async (writer, row, before) => {
    if (row.state !== 'held') throw conflict(`The rollout ${id} is ${row.state}, not held`);
    assertTransition(rolloutTransitions, `rollout ${id}`, row.state, stateOfStage(before.plan, before.stage));
    const progress = resumed(before, deps.clock.now());
    await deps.events.append(writer, row.cycle === null ? cause : { ...cause, cycle: row.cycle }, {
      ...inProject(row.project),
      subject: `rollout:${id}`,
      type: 'rollout.resumed',
      payload: { deployment: row.deployment, rollout: id, revision: row.revision, reason },
    });
    const version = await publish(writer);
    await store.updateRollout(writer, id, {
      state: progress.state,
      reason: null,
      progress: storedProgress(progress, version),
    });
    await wakeAtTimeout(deps, writer, row, progress);
  });
}

/**
 * Gives the candidate of a split by hand another share.
 * @throws DomainError NOT_FOUND; CONFLICT for a rollout that is no such split, or has ended
 */
export async function changeShare(
  deps: DeploymentsDeps,
  id: string,
  { share, reason }: { readonly share: number; readonly reason: string },
  cause: Cause,
): Promise<void> {
  await changing(deps, id, async (writer, row, before) => {
    const stage = before.plan[before.stage];
    if (row.state !== 'held' || before.hasGuards || stage?.kind !== 'canary') {
      throw conflict(`The rollout ${id} is no split by hand that is under way`, {
        field: 'rollout',
        hint: 'capstan deploy MODEL --no-guards --share 20% begins one; what has guards goes by its plan.',
      });
    }
    await deps.events.append(writer, cause, {
      ...inProject(row.project),
      subject: `rollout:${id}`,
      type: 'rollout.share-changed',
      payload: { deployment: row.deployment, rollout: id, revision: row.revision, from: stage.share, share, reason },
    });
    const plan = before.plan.map((each, index) => (index === before.stage ? { ...stage, share } : each));
    // Read by what is published.
    await store.updateRollout(writer, id, { progress: storedProgress({ ...before, plan }, before.publishedVersion) });
    const version = await publish(writer);
    await store.updateRollout(writer, id, { progress: storedProgress({ ...before, plan, isLive: false }, version) });
  });
}

/** Ends a rollout for a reason outside its evidence, in the caller's transaction. */
export async function endByHand(
  deps: DeploymentsDeps,
  writer: Writer,
  row: store.RolloutRow,
  before: RolloutProgress & StoredProgress,
  reason: string,
  cause: Cause,
  check?: 'replica' | 'loss-budget',
): Promise<void> {
  const at = deps.clock.now();
  const judgement = byHand(before, 'roll-back', reason, at);
  const failed = check && { check, status: 'fail' as const, value: null, limit: null, n: 1, reason };
  const progress: RolloutProgress = { ...before, state: 'rolled-back' };
  const checks = failed ? [failed, ...judgement.checks] : judgement.checks;
  await settle(
    deps,
    writer,
    row,
    before,
    { progress, steps: [{ judgement: { ...judgement, checks }, progress }] },
    cause,
  );
}

function byHand(progress: RolloutProgress, verdict: Judgement['verdict'], reason: string, at: number): Judgement {
  const checks = currentChecks(progress);
  return { verdict, reason, stage: progress.stage, evidenceSeq: progress.evidence.seq, checks, at };
}

function changing<Result>(
  deps: DeploymentsDeps,
  id: string,
  work: (writer: Writer, row: store.RolloutRow, before: RolloutProgress & StoredProgress) => Promise<Result>,
): Promise<Result> {
  return deps.database.write(async (writer) => {
    // Every change of a rollout appends to the chain anyway; taking its lock first makes changes one after another.
    const row = await store.getRollout(writer, id);
    if (!row) throw notFound('rollout', id);
    return await work(writer, row, progressOf(row));
  });
}
