import type { GateVerdict } from '@capstan/api';
import type { DecisionRow } from './model.ts';
import { stopped, type Progress, type Turn } from './turn.ts';

/** Has the candidate judged, once and again after each approval; only a pass goes on. */
export async function stepGates(turn: Turn): Promise<Progress> {
  const { row, approvedBy } = turn;
  if (row.verdict === null || approvedBy !== undefined) {
    const key = approvedBy === undefined ? `cycle:${row.id}` : `cycle:${row.id}:approval:${approvedBy}`;
    const judged = await judge(turn, key);
    if (judged.id !== row.verdict) return { kind: 'keep', change: { verdict: judged.id } };
  }
  const verdict = await turn.deps.gates.get(row.verdict ?? '');
  const evidence = [{ kind: 'verdict', id: verdict.id } as const];
  const decisions = verdict.checks.map(decisionOf);
  if (verdict.status === 'pass') {
    const reason = `every gate passed on ${verdict.evaluation.rows} rows`;
    const end = { status: 'pass', value: 'pass', reason, evidence, decisions } as const;
    if (turn.declaration.deployment) return { kind: 'next', to: 'rollout', change: {}, end };
    await turn.deps.registry.promote({
      model: verdict.model,
      version: verdict.version,
      alias: 'champion',
      verdict,
      cause: turn.cause,
    });
    const promoted = `${reason}; no deployment is declared, so the registry's champion is all that changes`;
    return { kind: 'end', outcome: 'promoted', end: { ...end, reason: promoted } };
  }
  const open = verdict.checks.filter((check) => check.status !== 'pass');
  if (open.every((check) => check.check === 'approval'))
    return { kind: 'wait', reason: open.map(({ reason }) => reason).join('; ') };
  return stopped('refused', open.map(({ check, reason }) => `${check}: ${reason}`).join('; '), { evidence, decisions });
}

async function judge({ deps, row, cause }: Turn, requestKey: string): Promise<GateVerdict> {
  return await deps.gates.evaluate({
    project: row.project,
    model: row.model ?? '',
    version: row.version ?? 0,
    evaluation: row.evaluation ?? '',
    baselineProbability: row.baseline_probability,
    requestKey,
    cause,
  });
}

function decisionOf({ check, status, value, limit, n, reason }: GateVerdict['checks'][number]): DecisionRow {
  return { decision: check, status, value, limit, n, reason };
}
