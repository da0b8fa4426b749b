import type { Judgement } from '@capstan/api';
import { DomainError } from '#kernel/errors';
import type { DecisionRow } from './model.ts';
import { stopped, type Progress, type Turn } from './turn.ts';

/**
 * Hands the version and its verdict over to the rollout, which decides on live evidence; the first revision of a deployment
 * has nothing to be compared with and goes straight to all traffic.
 */
export async function stepRollout(turn: Turn): Promise<Progress> {
  const { deps, row } = turn;
  if (row.rollout === null) return await start(turn);
  const rollout = await deps.deployments.rollout(row.rollout);
  const waiting = `waits for the rollout of revision ${rollout.revision} (${rollout.state})`;
  if (rollout.state !== 'promoted' && rollout.state !== 'rolled-back') return { kind: 'wait', reason: waiting };
  const evidence = [
    { kind: 'rollout', id: rollout.id } as const,
    { kind: 'deployment', id: rollout.deployment } as const,
  ];
  const judgements = await deps.deployments.judgements(rollout.id);
  const decisions = judgements.filter(({ verdict }) => verdict !== 'continue').map(decisionOf);
  const reason = rollout.reason ?? `the rollout was ${rollout.state}`;
  if (rollout.state === 'rolled-back') return stopped('rolled-back', reason, { evidence, decisions });
  return { kind: 'end', outcome: 'promoted', end: { status: 'pass', value: 'promoted', reason, evidence, decisions } };
}

async function start({ deps, row, cause }: Turn): Promise<Progress> {
  try {
    const { id } = await deps.deployments.start(
      {
        deployment: row.deployment ?? '',
        version: row.version ?? 0,
        verdictId: row.verdict ?? '',
        ...(row.baseline_probability !== null && { baselineProbability: row.baseline_probability }),
      },
      cause,
    );
    return { kind: 'keep', change: { rollout: id } };
  } catch (error) {
    // Another change of this deployment is under way, e.g. one that a person started: its end wakes this turn.
    const other = error instanceof DomainError && error.code === 'CONFLICT' ? error.details?.['rollout'] : undefined;
    if (typeof other === 'string') return { kind: 'wait', reason: `waits for the end of another rollout (${other})` };
    throw error;
  }
}

/** A decision of the rollout's controller; of a roll-back, the first check that failed with its numbers. */
function decisionOf({ verdict, reason, checks, at, stage }: Judgement): DecisionRow {
  const status = verdict === 'roll-back' ? 'fail' : verdict === 'hold' ? 'unknown' : 'pass';
  const decisive = checks.find((check) => check.status === (status === 'pass' ? 'pass' : 'fail'));
  return {
    decision: `${verdict} in stage ${stage + 1}`,
    status,
    value: decisive?.value ?? null,
    limit: decisive?.limit ?? null,
    n: decisive?.n ?? null,
    reason,
    at,
  };
}
