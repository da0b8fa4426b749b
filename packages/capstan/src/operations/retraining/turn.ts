import type { CycleOutcome, Declaration, EvidenceRef } from '@capstan/api';
import type { Cause } from '#kernel/cause';
import type { RetrainingDeps } from './deps.ts';
import type { DecisionRow } from './model.ts';
import type { CycleChange, CycleRow } from './store.ts';

/** A turn as one of its steps works on it. */
export interface Turn {
  readonly deps: RetrainingDeps;
  readonly row: CycleRow;
  readonly declaration: Declaration;
  /** The fact that woke the worker, and this turn. */
  readonly cause: Cause;
  /** An approval has come since the verdict under way: number of its fact. */
  readonly approvedBy: number | undefined;
}

/** How a step ended, as its row says. */
export interface StepEnd {
  readonly status: 'pass' | 'fail' | 'unknown';
  readonly value: number | string | null;
  readonly reason: string;
  readonly evidence: readonly EvidenceRef[];
  readonly decisions: readonly DecisionRow[];
}

/** What follows from looking at a turn. Steps only look and do what may be done twice; `advance` writes what follows. */
export type Progress =
  /** Nothing, until a fact wakes the turn again. */
  | { readonly kind: 'wait'; readonly reason: string; readonly change?: CycleChange }
  /** Something is known that must not be found out again: keep it, and look once more. */
  | { readonly kind: 'keep'; readonly change: CycleChange }
  | {
      readonly kind: 'next';
      readonly to: 'training' | 'gates' | 'rollout';
      readonly change: CycleChange;
      readonly end: StepEnd;
    }
  | { readonly kind: 'end'; readonly outcome: CycleOutcome; readonly change?: CycleChange; readonly end: StepEnd };

/** The turn ends in this step, since something did not hold. */
export function stopped(
  outcome: 'refused' | 'rolled-back' | 'failed',
  reason: string,
  more: {
    readonly evidence?: readonly EvidenceRef[];
    readonly decisions?: readonly DecisionRow[];
    readonly change?: CycleChange;
  } = {},
): Progress {
  const { evidence = [], decisions = [], change } = more;
  return {
    kind: 'end',
    outcome,
    ...(change && { change }),
    end: { status: 'fail', value: outcome, reason, evidence, decisions },
  };
}
