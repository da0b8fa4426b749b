/**
 * Evidence that stays valid however often one looks at it.
 *
 * Owns the reading of an e-process: a non-negative quantity that starts at 1 and, while the null hypothesis holds, has
 * an expectation of at most 1 at any time of stopping. By Ville's inequality it ever reaches 1/alpha with a chance of
 * at most alpha; hence one may look after every observation, stop at will, and go on later. The processes themselves
 * are in the files beside this one; rollouts store `Evidence` and act on it.
 */
import { requireOpenUnit } from './argument-checks.ts';

export interface Evidence {
  /** Log of the e-process now; its start is 0, evidence against the null hypothesis is positive. */
  readonly logE: number;
  /** The largest `logE` that any look has seen, 0 or more. */
  readonly maxLogE: number;
}

/** Where every e-process starts. */
export const NO_EVIDENCE: Evidence = { logE: 0, maxLogE: 0 };

/** The evidence after a further look at an e-process. Throws RangeError when `logE` is NaN. */
export function lookAgain(before: Evidence, logE: number): Evidence {
  if (Number.isNaN(logE)) throw new RangeError('logE must be a number, got NaN');
  return { logE, maxLogE: Math.max(before.maxLogE, logE) };
}

/** p-value valid at any time of looking: min(1, 1 / largest e-value seen). */
export function anytimePValue(evidence: Evidence): number {
  return Math.min(1, Math.exp(-evidence.maxLogE));
}

/** Whether the null hypothesis is rejected at level alpha, 0 < alpha < 1. Throws RangeError. */
export function isRejected(evidence: Evidence, alpha: number): boolean {
  requireOpenUnit('alpha', alpha);
  return evidence.maxLogE >= -Math.log(alpha);
}
