// Words and pure rules of a turn of the cycle.
import { cycleOutcome, type CycleOutcome, type CycleState, type Declaration, type EvidenceRef } from '@capstan/api';
import { isTerminal, type Transitions } from '#kernel/state-machine';
import type { RetrainPolicy, Trigger, TriggerKind } from './policy.ts';

/** Every step may end the turn; only a rollout can promote or roll back. */
export const cycleTransitions: Transitions<CycleState> = {
  data: ['training', 'refused', 'failed'],
  training: ['gates', 'refused', 'failed'],
  gates: ['rollout', 'promoted', 'refused', 'failed'],
  rollout: ['promoted', 'rolled-back', 'failed'],
  promoted: [],
  refused: [],
  'rolled-back': [],
  failed: [],
};

export function hasEnded(state: CycleState): state is CycleOutcome {
  return isTerminal(cycleTransitions, state);
}

export const outcomes = cycleOutcome.options;

/** A trigger with what is needed to judge it once and to look it up. */
export interface KeyedTrigger extends Trigger {
  /** The same for the same trigger, however often it is seen. */
  readonly key: string;
  readonly evidence: readonly EvidenceRef[];
}

/** One decision of a step, as it goes into the record. */
export interface DecisionRow {
  readonly decision: string;
  readonly status: 'pass' | 'fail' | 'unknown';
  readonly value: number | string | null;
  readonly limit: number | string | null;
  readonly n: number | null;
  readonly reason: string;
  readonly evidence?: readonly EvidenceRef[];
  /** When it was taken, where that is not now. */
  readonly at?: number;
}

const DAY_MS = 86_400_000;
const DEFAULT_WINDOW_MS = 7 * DAY_MS;

/** Limits of a project without `retrain`: nothing starts by itself, a person may. */
const NO_POLICY: RetrainPolicy = { on: [], coolDownMs: 0, minLabels: 0, maxPerMonth: 1_000 };

export function policyOf({ retrain }: Declaration): RetrainPolicy {
  if (!retrain) return NO_POLICY;
  const on = retrain.on.map((each): TriggerKind =>
    typeof each === 'object' ? 'schedule' : each === 'new_data' ? 'new-data' : each,
  );
  return { on, coolDownMs: retrain.cool_down, minLabels: retrain.min_labels, maxPerMonth: retrain.max_per_month };
}

/** Cron pattern of a project's own clock, if it has one. */
export function scheduleOf({ retrain }: Declaration): string | undefined {
  return retrain?.on.find((each) => typeof each === 'object')?.schedule;
}

/** What a declaration says of the labels that turns learn from and are judged by. */
export interface LabelSource {
  /** Dataset that logged predictions with their outcomes become; undefined where none is declared. */
  readonly feedback: string | undefined;
  /** Dataset with labels of its own. */
  readonly raw: string | undefined;
  readonly labelColumn: string;
  readonly arrivesAfterMs: number;
}

/** Undefined when no dataset declares a label. */
export function labelSourceOf({ datasets }: Declaration): LabelSource | undefined {
  const entries = Object.entries(datasets);
  const feedback = entries.find(([, { from }]) => from === 'predictions');
  const raw = entries.find(([, { from, label }]) => from !== 'predictions' && label !== undefined);
  const label = raw?.[1].label ?? feedback?.[1].label;
  if (!label) return undefined;
  return { feedback: feedback?.[0], raw: raw?.[0], labelColumn: label.column, arrivesAfterMs: label.arrives_after };
}

/** Length of the evaluation window: that of the watch on performance, else of any watch, else a week. */
export function windowLengthOf({ monitors }: Declaration): number {
  const watch = monitors.find((monitor) => monitor.watch === 'performance') ?? monitors[0];
  return watch?.window ?? DEFAULT_WINDOW_MS;
}

export interface Window {
  readonly from: number;
  readonly before: number;
}

/** The latest window whose labels have had the time to arrive. */
export function latestLabelledWindow(now: number, arrivesAfterMs: number, lengthMs: number): Window {
  const before = now - arrivesAfterMs;
  return { from: before - lengthMs, before };
}

/** A window as people read it. */
export function windowText({ from, before }: Window): string {
  return `${instant(from)} to ${instant(before)}`;
}

export function instant(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 16)}Z`;
}
