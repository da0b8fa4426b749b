import type { GateDeclaration } from '@capstan/api';
import type { VerdictCheck } from '#model/registry';
import type { Bench } from './bench.ts';
import { checkBetter } from './compare.ts';
import { checkLatency } from './latency.ts';
import { checkUnseen } from './lineage.ts';
import { checkApproval, type Losses } from './model.ts';
import { checkReproducible } from './reproducible.ts';
import { checkSlices } from './slices.ts';
import * as store from './store.ts';

/** Every gate that the project declares, and before them whether the rows are new to all contenders. */
export async function runGates(bench: Bench): Promise<VerdictCheck[]> {
  const { deps, project, candidate, champion, rows, declaration } = bench;
  const contenders = champion && champion.version !== candidate.version ? [candidate, champion] : [candidate];
  const checks: VerdictCheck[] = [await checkUnseen(deps, project, contenders, rows.span)];
  for (const gate of declaration.gates) checks.push(await runGate(bench, gate));
  return checks;
}

async function runGate(bench: Bench, gate: GateDeclaration): Promise<VerdictCheck> {
  const { deps, candidate, loaded, rows } = bench;
  const { scored } = candidate;
  if (gate.check === 'better_than') return betterThan(bench, gate);
  if (gate.check === 'slices') return slices(bench, gate);
  if (gate.check === 'approval') {
    const approvals = await store.listApprovals(deps.database.read, candidate.model, candidate.version);
    return checkApproval(gate, bench.declaration.charter.risk, approvals);
  }
  if ('failure' in scored) return notScored(gate.check, 'fail', candidate.name, scored.failure);
  if (gate.check === 'latency') {
    if (!loaded) return notScored(gate.check, 'unknown', candidate.name, 'it is not loaded');
    return await checkLatency(loaded, gate.p99, rows);
  }
  return await checkReproducible(deps, bench.project, candidate, rows, scored.probabilities);
}

function betterThan(bench: Bench, gate: Extract<GateDeclaration, { check: 'better_than' }>): VerdictCheck {
  const check = `better_than ${gate.other}`;
  const other = comparedWith(bench, check, gate.other);
  if ('verdict' in other) return other.verdict;
  const { metric } = bench.model;
  return checkBetter({ check, metric, candidate: other.mine, other: other.losses, confidence: gate.confidence });
}

function slices(bench: Bench, gate: Extract<GateDeclaration, { check: 'slices' }>): VerdictCheck {
  const other = comparedWith(bench, 'slices', 'champion');
  if ('verdict' in other) return other.verdict;
  const columns = new Map(gate.by.map((name) => [name, bench.rows.columns[name]]));
  const missing = [...columns].filter(([, values]) => values === undefined).map(([name]) => name);
  if (missing.length > 0) {
    const reason = `the evaluation rows have no column ${missing.map((name) => `'${name}'`).join(', ')} to slice by`;
    return { check: 'slices', status: 'unknown', value: null, limit: gate.max_regression, n: 0, reason };
  }
  const values = new Map([...columns].map(([name, cells]) => [name, cells ?? []]));
  const limits = { minRows: gate.min_rows, maxRegression: gate.max_regression };
  return checkSlices(limits, bench.model.metric, values, other.mine, other.losses);
}

/** The other side's losses, or the check's outcome where there is nothing to compare. */
function comparedWith(
  { candidate, champion, baseline, rows }: Bench,
  check: string,
  other: 'champion' | 'baseline',
): { readonly verdict: VerdictCheck } | { readonly losses: Losses; readonly mine: Losses } {
  const measured = { check, value: null, limit: null, n: rows.count };
  const end = (status: VerdictCheck['status'], reason: string) => ({ verdict: { ...measured, status, reason } });
  if ('failure' in candidate.scored)
    return { verdict: notScored(check, 'fail', candidate.name, candidate.scored.failure) };
  if (!candidate.losses) return end('unknown', `${candidate.name} was not scored`);
  if (other === 'baseline') {
    return baseline
      ? { losses: baseline, mine: candidate.losses }
      : end('unknown', 'nobody said what the baseline predicts');
  }
  if (!champion) return end('pass', 'no champion yet');
  if (champion.version === candidate.version)
    return end('fail', `version ${candidate.version} is the champion already`);
  if ('failure' in champion.scored)
    return { verdict: notScored(check, 'unknown', champion.name, champion.scored.failure) };
  return champion.losses
    ? { losses: champion.losses, mine: candidate.losses }
    : end('unknown', `${champion.name} was not scored`);
}

function notScored(check: string, status: 'fail' | 'unknown', name: string, failure: string): VerdictCheck {
  return { check, status, value: null, limit: null, n: 0, reason: `${name} cannot be scored: ${failure}` };
}
