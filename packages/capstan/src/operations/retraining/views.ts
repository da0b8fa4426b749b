import type { ConsideredTrigger, Cycle, CycleStep, CycleSummary, EvidenceRef } from '@capstan/api';
import { hasEnded } from './model.ts';
import type { CycleRow, StepRow, TriggerRow } from './store.ts';

/** Rows as callers see them. */
export function summaryOf(row: CycleRow): CycleSummary {
  const { window_from: from, window_before: before } = row;
  return {
    id: row.id,
    project: row.project,
    number: row.number,
    state: row.state,
    isOpen: !hasEnded(row.state),
    trigger: { kind: row.trigger_kind, reason: row.trigger_reason, at: row.trigger_at },
    reason: row.reason,
    window: from === null || before === null ? null : { from, before },
    evaluation: row.evaluation,
    training: JSON.parse(row.training) as string[],
    baselineProbability: row.baseline_probability,
    pipelineRun: row.pipeline_run,
    model: row.model,
    version: row.version,
    verdict: row.verdict,
    deployment: row.deployment,
    rollout: row.rollout,
    startedAt: row.started_at,
    endedAt: row.ended_at,
  };
}

export function cycleOf(row: CycleRow, steps: readonly StepRow[]): Cycle {
  return { ...summaryOf(row), steps: steps.map(stepOf) };
}

function stepOf(row: StepRow): CycleStep {
  return {
    seq: row.seq,
    step: row.step,
    decision: row.decision,
    status: row.status,
    value: JSON.parse(row.value) as CycleStep['value'],
    limit: JSON.parse(row.limit_value) as CycleStep['limit'],
    n: row.n,
    evidence: JSON.parse(row.evidence) as EvidenceRef[],
    reason: row.reason,
    startedAt: row.started_at,
    endedAt: row.ended_at,
  };
}

export function triggerOf(row: TriggerRow): ConsideredTrigger {
  return {
    trigger: { kind: row.kind, reason: row.trigger_reason, at: row.trigger_at },
    cycle: row.cycle,
    reason: row.reason,
    checks: JSON.parse(row.checks) as ConsideredTrigger['checks'],
    consideredAt: row.considered_at,
  };
}
