// Words and pure rules of gates.
import type { ContenderScore, GateDeclaration, VerdictStatus } from '@capstan/api';
import type { VerdictCheck } from '#model/registry';
import { areaUnderRoc, logLossOf } from '#kernel/statistics/classification-metrics';

export type Metric = 'log_loss' | 'brier';

/** A person's word for a version. */
export interface Approval {
  readonly model: string;
  readonly version: number;
  readonly role: string;
  readonly actor: string;
  readonly reason: string;
  readonly at: number;
}

/** Losses of one contender on the evaluation rows, in their order. */
export interface Losses {
  /** As shown: `the champion (version 3)`, `the baseline (0.214)`. */
  readonly name: string;
  /** As they are. */
  readonly raw: Float64Array;
  /** At most `lossCap` each: what tests are made on, since only bounded losses can be tested without assumptions. */
  readonly capped: Float64Array;
  readonly score: ContenderScore;
}

/**
 * Losses above this count as this in tests. For log loss (nats) 4 is a probability of 1.8 % for what happened, the cap
 * that rollouts use too; a Brier loss is at most 1 by itself.
 */
export const lossCaps: Readonly<Record<Metric, number>> = { log_loss: 4, brier: 1 };

/** Closer to 0 or 1 a probability is not taken to be: the mean log loss stays finite. */
const CLIP = 1e-15;

/** @param probabilities of the positive class, as many as labels */
export function lossesOf(name: string, metric: Metric, labels: Uint8Array, probabilities: Float64Array): Losses {
  const cap = lossCaps[metric];
  const raw = new Float64Array(labels.length);
  const capped = new Float64Array(labels.length);
  let sum = 0;
  for (let row = 0; row < labels.length; row++) {
    const label = labels[row] === 1 ? 1 : 0;
    const probability = probabilities[row] ?? Number.NaN;
    const loss = metric === 'log_loss' ? logLossOf(label, probability, CLIP) : (probability - label) ** 2;
    raw[row] = loss;
    capped[row] = Math.min(loss, cap);
    sum += loss;
  }
  return { name, raw, capped, score: { loss: sum / labels.length, auc: areaUnderRoc(labels, probabilities) } };
}

/** Losses of the same probability for every row. */
export function constantLosses(name: string, metric: Metric, labels: Uint8Array, probability: number): Losses {
  const losses = lossesOf(name, metric, labels, new Float64Array(labels.length).fill(probability));
  return { ...losses, score: { loss: losses.score.loss, auc: null } };
}

/** What was not measured blocks as what was found bad; bad is said first. */
export function statusOf(checks: readonly Pick<VerdictCheck, 'status'>[]): VerdictStatus {
  if (checks.some((check) => check.status === 'fail')) return 'fail';
  return checks.some((check) => check.status === 'unknown') || checks.length === 0 ? 'unknown' : 'pass';
}

const RISKS = ['low', 'medium', 'high'] as const;

/** Whether a person must have approved, and whether one with a declared role has. */
export function checkApproval(
  gate: Extract<GateDeclaration, { check: 'approval' }>,
  risk: (typeof RISKS)[number],
  approvals: readonly Approval[],
): VerdictCheck {
  const check = { check: 'approval', value: null, limit: null, n: approvals.length };
  const least = gate.when.replace('risk >= ', '');
  if (RISKS.indexOf(risk) < RISKS.findIndex((each) => each === least)) {
    return {
      ...check,
      status: 'pass',
      reason: `not needed: the charter's risk is ${risk}, it is asked for from ${least} on`,
    };
  }
  const approval = approvals.find(({ role }) => gate.by.some((each) => each === role));
  if (approval) {
    return { ...check, status: 'pass', reason: `${approval.actor} approved as ${approval.role}: ${approval.reason}` };
  }
  return { ...check, status: 'unknown', reason: `waits for the approval of a person: ${gate.by.join(' or ')}` };
}

/** A number as reasons show it: four digits after the point, or three significant ones where it is smaller. */
export function shown(value: number): string {
  return value === 0 || Math.abs(value) >= 0.001 ? value.toFixed(4) : value.toPrecision(3);
}

export const metricNames: Readonly<Record<Metric, string>> = { log_loss: 'log loss', brier: 'Brier score' };
