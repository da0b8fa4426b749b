// Words and rules of sweeps: states, what comes next, which trial is best. Pure.
import type { SweepGoal, SweepState, TrialState } from '@capstan/api';
import { isTerminal, type Transitions } from '#kernel/state-machine';

/** `queued` may fail: what is to propose the first trials may not be had. */
export const sweepTransitions: Transitions<SweepState> = {
  queued: ['running', 'failed', 'cancelled'],
  running: ['succeeded', 'failed', 'cancelled'],
  succeeded: [],
  failed: [],
  cancelled: [],
};

/** `waiting`: decided on, and about to be started. It outlives its sweep by the moments that its end takes. */
export const trialTransitions: Transitions<TrialState> = {
  waiting: ['running', 'failed', 'cancelled'],
  running: ['succeeded', 'failed', 'stopped', 'cancelled'],
  succeeded: [],
  failed: [],
  stopped: [],
  cancelled: [],
};

export type EndedSweep = Extract<SweepState, 'succeeded' | 'failed' | 'cancelled'>;
export type EndedTrial = Exclude<TrialState, 'waiting' | 'running'>;

export function hasEnded(state: SweepState): state is EndedSweep {
  return isTerminal(sweepTransitions, state);
}

/** A trial, as far as decisions look at it. */
export interface TrialFacts {
  readonly number: number;
  readonly state: TrialState;
  readonly value: number | null;
}

interface Limits {
  readonly maxTrials: number;
  readonly parallel: number;
  readonly maxFailedShare: number;
  readonly isPastDeadline: boolean;
}

export type Next =
  | { readonly kind: 'ask'; readonly count: number }
  | { readonly kind: 'wait' }
  | { readonly kind: 'end'; readonly outcome: 'succeeded' | 'failed'; readonly reason: string | null };

/** The share of failures is not judged on fewer trials than this. */
const LEAST_JUDGED = 4;

/** What a sweep that goes on does next. */
export function decide(limits: Limits, trials: readonly TrialFacts[]): Next {
  const of = (state: TrialState): number => trials.filter((trial) => trial.state === state).length;
  const open = of('waiting') + of('running');
  const failed = of('failed');
  const judged = failed + of('succeeded') + of('stopped');
  const outcome = of('succeeded') > 0 ? 'succeeded' : 'failed';
  if (limits.isPastDeadline) return { kind: 'end', outcome, reason: 'its time limit has passed' };
  const isJudgeable = judged >= Math.min(LEAST_JUDGED, limits.maxTrials);
  if (isJudgeable && failed / judged > limits.maxFailedShare)
    return { kind: 'end', outcome: 'failed', reason: `${failed} of ${judged} trials have failed` };
  const left = limits.maxTrials - trials.length;
  if (left > 0) {
    const count = Math.min(limits.parallel - open, left);
    return count > 0 ? { kind: 'ask', count } : { kind: 'wait' };
  }
  if (open > 0) return { kind: 'wait' };
  if (outcome === 'failed') return { kind: 'end', outcome, reason: 'no trial has come to a value' };
  return { kind: 'end', outcome, reason: failed === 0 ? null : `${failed} of ${judged} trials have failed` };
}

/** Whether `value` is better than `other`. */
function isBetter(goal: SweepGoal, value: number, other: number): boolean {
  return goal === 'minimise' ? value < other : value > other;
}

/** The best of those that have succeeded; the earliest where several are. */
export function bestOf<Facts extends TrialFacts>(goal: SweepGoal, trials: readonly Facts[]): Facts | undefined {
  let best: Facts | undefined;
  for (const trial of trials) {
    if (trial.state !== 'succeeded' || trial.value === null) continue;
    if (best === undefined || isBetter(goal, trial.value, best.value ?? NaN)) best = trial;
  }
  return best;
}

/** Points of a metric in order of steps: [step, value]. */
export type Curve = readonly (readonly [number, number])[];

/** Value of the last point up to a step; undefined for a curve that has not come as far. */
function valueAt(curve: Curve, step: number): number | undefined {
  const last = curve.at(-1);
  if (last === undefined || last[0] < step) return undefined;
  return curve.findLast(([at]) => at <= step)?.[1];
}

/**
 * The median rule of early stopping: whether a trial's latest value is worse than the median of the others at its step.
 * Those that have not come as far have no say; undefined says that it goes on.
 */
export function medianBetter(
  rule: { readonly goal: SweepGoal; readonly warmUpSteps: number; readonly minTrials: number },
  curve: Curve,
  others: readonly Curve[],
): { readonly step: number; readonly value: number; readonly median: number } | undefined {
  const last = curve.at(-1);
  if (last === undefined || last[0] < rule.warmUpSteps) return undefined;
  const [step, value] = last;
  const known = others.flatMap((other) => valueAt(other, step) ?? []).toSorted((a, b) => a - b);
  if (known.length < rule.minTrials) return undefined;
  const middle = known.length >> 1;
  const upper = known[middle] ?? NaN;
  const median = known.length % 2 === 1 ? upper : ((known[middle - 1] ?? NaN) + upper) / 2;
  return isBetter(rule.goal, median, value) ? { step, value, median } : undefined;
}
