import type { Writer } from '#database';
import type { Events } from '#events';
import type { Jobs } from '#jobs';
import type { Cause } from '#kernel/cause';
import { isTerminal } from '#kernel/state-machine';
import type { RolloutProgress, Step } from './decide.ts';
import { inProject, rolloutTransitions } from './model.ts';
import { storedProgress, type StoredProgress } from './progress.ts';
import { publish } from './publish.ts';
import * as store from './store.ts';

export interface SettleDeps {
  readonly events: Events;
  readonly jobs: Jobs;
}

/** Writes what follows from a decision: the row, each judgement as a fact, the change of champion and the snapshot. */
export async function settle(
  deps: SettleDeps,
  writer: Writer,
  row: store.RolloutRow,
  before: RolloutProgress & StoredProgress,
  decision: { readonly progress: RolloutProgress; readonly steps: readonly Step[] },
  cause: Cause,
): Promise<void> {
  const { progress } = decision;
  const withCycle: Cause = row.cycle === null ? cause : { ...cause, cycle: row.cycle };
  let recorded = { cause: withCycle, progress: before as RolloutProgress };
  for (const step of decision.steps) recorded = await recordStep(deps, writer, row, recorded, step);

  const isEnded = isTerminal(rolloutTransitions, progress.state);
  const last = decision.steps.at(-1)?.judgement;
  await store.updateRollout(writer, row.id, {
    state: progress.state,
    stage: progress.stage,
    progress: storedProgress(progress, before.publishedVersion),
    ...(progress.state !== before.state && last && { reason: last.reason }),
    ...(isEnded && { ended_at: last?.at ?? progress.stageStartedAt }),
  });
  if (progress.state === before.state && progress.stage === before.stage) return;
  if (progress.state === 'promoted')
    await makeChampion(deps, writer, row, last?.at ?? progress.stageStartedAt, recorded.cause);
  const version = await publish(writer);
  await store.updateRollout(writer, row.id, { progress: storedProgress(progress, version) });
  if (!isEnded) await wakeAtTimeout(deps, writer, row, progress);
}

/** Time-outs are judged when they are due, whether or not anything is logged then. */
export async function wakeAtTimeout(
  deps: SettleDeps,
  writer: Writer,
  { id: rollout, deployment }: { readonly id: string; readonly deployment: string },
  progress: RolloutProgress,
): Promise<void> {
  const { policy, heldAt, stageStartedAt } = progress;
  const runAt = heldAt !== null ? heldAt + policy.maxHoldMs : stageStartedAt + policy.maxStageMs;
  const uniqueKey = `rollout-timeout:${rollout}:${runAt}`;
  await deps.jobs.enqueue(writer, 'rollouts.judge', { deployment }, { runAt, uniqueKey });
}

async function recordStep(
  deps: SettleDeps,
  writer: Writer,
  row: store.RolloutRow,
  before: { cause: Cause; progress: RolloutProgress },
  { judgement, progress }: Step,
): Promise<{ cause: Cause; progress: RolloutProgress }> {
  const about = { ...inProject(row.project), subject: `rollout:${row.id}` };
  const ids = { deployment: row.deployment, rollout: row.id, revision: row.revision };
  const judged = await deps.events.append(writer, before.cause, {
    ...about,
    type: 'rollout.judged',
    payload: { ...ids, ...judgement },
  });
  const cause = { ...before.cause, causationSeq: judged.seq };
  const kind = progress.plan[progress.stage];
  if (progress.state === 'held' && before.progress.state !== 'held') {
    await deps.events.append(writer, cause, {
      ...about,
      type: 'rollout.held',
      payload: { ...ids, reason: judgement.reason },
    });
  } else if (isTerminal(rolloutTransitions, progress.state)) {
    await recordEnd(
      deps,
      writer,
      row,
      progress.state === 'promoted' ? 'promoted' : 'rolled-back',
      judgement.reason,
      cause,
    );
  } else if (kind && progress.stage !== before.progress.stage) {
    const share = kind.kind === 'canary' ? kind.share : kind.kind === 'full' ? 1 : 0;
    await deps.events.append(writer, cause, {
      ...about,
      type: 'rollout.stage-entered',
      payload: { ...ids, stage: progress.stage, kind: kind.kind, share },
    });
  }
  return { cause, progress };
}

async function recordEnd(
  deps: SettleDeps,
  writer: Writer,
  row: store.RolloutRow,
  outcome: 'promoted' | 'rolled-back',
  reason: string,
  cause: Cause,
): Promise<void> {
  const revision = await store.getRevision(writer, row.deployment, row.revision);
  if (!revision) throw new Error(`rollout ${row.id} has no revision ${row.revision}`);
  await deps.events.append(writer, cause, {
    ...inProject(row.project),
    subject: `rollout:${row.id}`,
    type: 'rollout.ended',
    payload: {
      deployment: row.deployment,
      rollout: row.id,
      revision: row.revision,
      outcome,
      reason,
      model: revision.model,
      version: revision.version,
      ...(row.verdict_id !== null && { verdictId: row.verdict_id }),
    },
  });
}

async function makeChampion(
  deps: SettleDeps,
  writer: Writer,
  row: store.RolloutRow,
  at: number,
  cause: Cause,
): Promise<void> {
  await store.pushChampion(writer, row.deployment, row.revision, at);
  const deployment = await store.getDeployment(writer, row.deployment);
  const isOpen = deployment?.breaker_state === 'open';
  await store.updateDeployment(writer, row.deployment, {
    champion: row.revision,
    ...(isOpen && { breaker_state: 'closed', breaker_reason: null, breaker_changed_at: at }),
  });
  if (!isOpen) return;
  await deps.events.append(writer, cause, {
    ...inProject(row.project),
    subject: `deployment:${row.deployment}`,
    type: 'breaker.closed',
    payload: { deployment: row.deployment, reason: `revision ${row.revision} has been rolled out` },
  });
}
