import { servingTexts, type Deployment, type Recalibration, type Revision, type Rollout } from '@capstan/api';
import type { Reader } from '#database';
import { currentChecks } from './decide.ts';
import { NO_PROJECT } from './model.ts';
import { progressOf } from './progress.ts';
import { storedServing } from './serving-settings.ts';
import { isWithheld, REPLICA_GONE_MS, storedReport } from './replicas.ts';
import type { DeploymentSpec } from './spec.ts';
import * as store from './store.ts';

export function revisionView(row: store.RevisionRow): Revision {
  const serving = storedServing(row);
  return {
    deployment: row.deployment,
    number: row.number,
    digest: row.digest,
    model: row.model,
    version: row.version,
    flavor: row.flavor,
    modelDigest: row.model_digest as Revision['modelDigest'],
    threshold: row.threshold,
    inputAdapters: JSON.parse(row.input_adapters) as Revision['inputAdapters'],
    serving,
    servingWords: servingTexts(serving).map((pair) => pair.join('=')),
    createdAt: row.created_at,
    createdBy: row.created_by,
  };
}

export function rolloutView(row: store.RolloutRow): Rollout {
  const progress = progressOf(row);
  return {
    id: row.id,
    deployment: row.deployment,
    project: row.project === NO_PROJECT ? null : row.project,
    revision: row.revision,
    from: row.from_revision,
    state: row.state,
    stage: row.stage,
    plan: [...progress.plan],
    guards: progress.hasGuards,
    ...(row.verdict_id !== null && { verdictId: row.verdict_id }),
    ...(row.cycle !== null && { cycle: row.cycle }),
    startedAt: row.started_at,
    stageStartedAt: progress.stageStartedAt,
    ...(row.ended_at !== null && { endedAt: row.ended_at }),
    ...(row.reason !== null && { reason: row.reason }),
    isLive: progress.isLive,
    evidenceSeq: progress.evidence.seq,
    checks: currentChecks(progress),
  };
}

export async function deploymentView(
  reader: Reader,
  row: store.DeploymentRow,
  replicas: readonly store.ReplicaRow[],
  budget: DeploymentSpec['lossBudget'],
): Promise<Deployment> {
  const champion = row.champion === null ? undefined : await store.getRevision(reader, row.name, row.champion);
  const rollout = await store.openRollout(reader, row.name);
  const recalibration = (await store.latestRecalibrations(reader, row.name)).get(row.champion ?? 0);
  return {
    name: row.name,
    project: row.project === NO_PROJECT ? null : row.project,
    model: row.model,
    ...(champion && { champion: revisionView(champion) }),
    ...(rollout && { rollout: rolloutView(rollout) }),
    breaker: {
      state: row.breaker_state,
      mode: row.breaker_mode,
      ...(row.breaker_reason !== null && { reason: row.breaker_reason }),
      ...(row.breaker_changed_at !== null && { changedAt: row.breaker_changed_at }),
      ...(row.baseline_probability !== null && { fallbackProbability: row.baseline_probability }),
    },
    ...(budget && { lossBudget: budgetView(budget, row) }),
    replicas: replicas.map((replica) => replicaView(replica, row.name)),
    ...(recalibration && { recalibration: recalibrationView(recalibration) }),
    createdAt: row.created_at,
  };
}

export function recalibrationView(row: store.RecalibrationRow): Recalibration {
  return {
    revision: row.revision,
    shift: row.shift,
    at: row.fitted_at,
    from: row.window_from,
    before: row.window_before,
    rows: row.rows,
    answeredLoss: row.answered_loss,
    modelLoss: row.model_loss,
  };
}

function budgetView(
  { amount, windowMs }: NonNullable<DeploymentSpec['lossBudget']>,
  { baseline_probability: baseline, breaker_mode: mode }: store.DeploymentRow,
): NonNullable<Deployment['lossBudget']> {
  if (baseline !== null) return { amount, windowMs, isCounting: true };
  const unanswered = mode === 'fallback' ? ', and when a person opens it nothing answers' : '';
  const reason = `No baseline is known, so nothing counts as lost and the breaker does not open by itself${unanswered}. ${WAYS_OUT}`;
  return { amount, windowMs, isCounting: false, reason };
}

const WAYS_OUT =
  'It is measured at the next rollout where labelled data are registered, or as soon as enough outcomes are known.';

function replicaView(row: store.ReplicaRow, deployment: string): Deployment['replicas'][number] {
  const report = storedReport(row);
  const ofThis = (entry: { deployment: string }): boolean => entry.deployment === deployment;
  return {
    replica: row.replica,
    url: report.url,
    reportedAt: row.reported_at,
    isCurrent: Date.now() - row.reported_at < REPLICA_GONE_MS && report.isSilent !== true,
    revisions: report.serving.filter(ofThis).map((entry) => entry.revision),
    failures: report.failures.filter(ofThis).map(({ revision, reason }) => ({ revision, reason })),
    warnings: (report.warnings ?? []).filter(ofThis).map(({ revision, reason }) => ({ revision, reason })),
    loading: report.loading.filter(ofThis).map(({ revision, note }) => ({ revision, note })),
    differences: (report.differences ?? [])
      .filter((entry) => entry.deployment === null || entry.deployment === deployment)
      .map(({ reason }) => reason),
    isWithheld: isWithheld(report, deployment),
  };
}
